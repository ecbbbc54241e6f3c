import { connect, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import type pg from 'pg';
import { z } from 'zod';

const key = z.object({
  processID: z.int(),
  secretKey: z.int(),
  host: z.string(),
  port: z.int(),
  ssl: z.union([z.boolean(), z.custom<ConnectionOptions>((value) => typeof value === 'object' && value !== null)]),
});

const deadline = 3000;

/** Asks the server to cancel what a session is running (CancelRequest, PostgreSQL's message formats). Never throws: it is a request. */
export async function cancelAtServer(client: pg.PoolClient): Promise<void> {
  const parsed = key.safeParse(client);
  if (!parsed.success) return;
  const { processID, secretKey, host, port, ssl } = parsed.data;
  const socket = connect({ host, port });
  const timer = setTimeout(() => socket.destroy(), deadline);
  try {
    await once(socket, 'connect');
    const channel = ssl === false ? socket : await encrypted(socket, host, ssl === true ? {} : ssl);
    channel.end(message(80_877_102, processID, secretKey));
    await once(channel, 'close');
  } catch {
    // The session is thrown away in any case, and the server's own timeout holds.
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
}

async function encrypted(socket: Socket, host: string, tls: ConnectionOptions): Promise<Socket> {
  socket.write(message(80_877_103));
  await once(socket, 'data');
  const channel = connectTls({ ...tls, socket, host });
  await once(channel, 'secureConnect');
  return channel;
}

function message(...numbers: number[]): Buffer {
  const bytes = Buffer.alloc(4 + numbers.length * 4);
  for (const [index, number] of [bytes.length, ...numbers].entries()) bytes.writeInt32BE(number, index * 4);
  return bytes;
}

function once(socket: Socket, event: string): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once(event, () => resolve());
    socket.once('error', reject);
    if (event !== 'close') socket.once('close', () => reject(new Error('closed')));
  });
}
