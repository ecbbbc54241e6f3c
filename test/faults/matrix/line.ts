import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** How a line between two processes is. `cut`: refused, and what was open is torn. `mute`: taken, and nothing ever comes back. */
export type LineState = 'open' | 'cut' | 'mute' | { delay: number };

export type Line = { address: string; set(state: LineState): void; stop(): void };

/** A line of TCP to `host:port` that can be ill-treated while it is in use. */
export async function startLine(to: string): Promise<Line> {
  const { hostname, port } = new URL(`http://${to}`);
  const open = new Set<Socket>();
  let state: LineState = 'open';

  const server = createServer((near) => {
    if (state === 'cut') return void near.resetAndDestroy();
    const far = connect(Number(port), hostname);
    for (const socket of [near, far]) {
      open.add(socket.setNoDelay());
      socket.on('error', () => undefined);
      socket.once('close', () => {
        open.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    near.on('data', (data) => pass(data, far));
    far.on('data', (data) => pass(data, near));
  });

  function pass(data: Buffer, to: Socket) {
    if (state === 'mute') return;
    if (typeof state === 'object') setTimeout(() => to.writable && to.write(data), state.delay);
    else to.write(data);
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    set(next) {
      // What was muted or delayed has bytes missing or late: nothing that was open then can be used again.
      if (next === 'cut' || state !== 'open') for (const socket of open) socket.resetAndDestroy();
      state = next;
    },
    stop() {
      for (const socket of open) socket.destroy();
      server.close();
    },
  };
}
