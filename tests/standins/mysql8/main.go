// Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
// GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later
//
// An in-memory server that speaks the dialect of MySQL 8, on the address given.

package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	sqle "github.com/dolthub/go-mysql-server"
	"github.com/dolthub/go-mysql-server/memory"
	"github.com/dolthub/go-mysql-server/server"
	"github.com/dolthub/go-mysql-server/sql"
	"github.com/dolthub/go-mysql-server/sql/types"
	"github.com/dolthub/vitess/go/mysql"
)

func main() {
	if err := serve(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serve(address string) error {
	provider := memory.NewDBProvider()
	provider.WithOption(memory.NativeIndexProvider(true)) // keys are indexes in databases made later, too
	engine := sqle.NewDefault(provider)
	asDocumented()
	config := server.Config{Protocol: "tcp", Address: address}
	sessions := memory.NewSessionBuilder(provider)
	running, err := server.NewServerWithHandler(config, engine, sql.NewContext, sessions, nil, withSavepoints)
	if err != nil {
		return err
	}
	return running.Start()
}

// asDocumented gives sessions the variables that MySQL lets them set and this server does not.
func asDocumented() {
	name := "innodb_lock_wait_timeout"
	sql.SystemVariables.AddSystemVariables([]sql.SystemVariable{&sql.MysqlSystemVariable{
		Name:    name,
		Scope:   sql.GetMysqlScope(sql.SystemVariableScope_Both),
		Dynamic: true,
		Type:    types.NewSystemIntType(name, 1, 1073741824, false),
		Default: int64(50),
	}})
}

// savepoints lets sessions set savepoints, which memory does not keep; going back to one is still refused.
type savepoints struct {
	mysql.Handler
}

func withSavepoints(handler mysql.Handler) (mysql.Handler, error) {
	return savepoints{handler}, nil
}

func known(query string) string {
	words := strings.ToUpper(query)
	if strings.HasPrefix(words, "SAVEPOINT ") || strings.HasPrefix(words, "RELEASE SAVEPOINT ") {
		return "SET @savepoint = 1"
	}
	return query
}

func (handler savepoints) ComQuery(
	ctx context.Context, session *mysql.Conn, query string, answer mysql.ResultSpoolFn,
) error {
	return handler.Handler.ComQuery(ctx, session, known(query), answer)
}

func (handler savepoints) ComMultiQuery(
	ctx context.Context, session *mysql.Conn, query string, answer mysql.ResultSpoolFn,
) (string, error) {
	return handler.Handler.ComMultiQuery(ctx, session, known(query), answer)
}
