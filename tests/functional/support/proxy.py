"""A TCP proxy that counts bytes and cuts connections: the network between a practice and its broker."""

import socket
import threading


class Proxy:
    """Listens on 127.0.0.1:`port` and forwards to `target`. Threads end with the process."""

    def __init__(self, port: int, target: int):
        self.target = target
        self.up = 0  # bytes from clients to the broker
        self.down = 0
        self.pairs = []
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", port), backlog=64)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self.target), timeout=5)
                server.settimeout(None)
            except OSError:
                client.close()
                continue
            with self.lock:
                self.pairs.append((client, server))
            threading.Thread(target=self._pump, args=(client, server, "up"), daemon=True).start()
            threading.Thread(target=self._pump, args=(server, client, "down"), daemon=True).start()

    def _pump(self, source, sink, way):
        buffer = bytearray(256 * 1024)
        try:
            while size := source.recv_into(buffer):
                with self.lock:
                    setattr(self, way, getattr(self, way) + size)
                sink.sendall(memoryview(buffer)[:size])
        except OSError:
            pass
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def cut(self):
        """Breaks every connection there is; new ones are served."""
        with self.lock:
            pairs, self.pairs = self.pairs, []
        for pair in pairs:
            for end in pair:
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def close(self):
        self.listener.close()
        self.cut()
