// Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
// GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.backend.h2.H2Backend;

/** Serves an empty MongoDB stand-in that keeps its data in memory, on the address and port given. */
public final class Launcher {
    public static void main(String[] arguments) throws InterruptedException {
        MongoServer server = new MongoServer(H2Backend.inMemory());
        server.bind(arguments[0], Integer.parseInt(arguments[1]));
        Thread.currentThread().join();
    }
}
