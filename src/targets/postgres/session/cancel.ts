import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import type pg from 'pg';
import { z } from 'zod';

const sessionKey = z.object({ processID: z.int(), secretKey: z.int() });

const deadline = 3000;

/**
 * Asks the server to cancel what a session is running (CancelRequest, PostgreSQL's message formats), on a channel of its own. Never
 * throws: it is a request.
 */
export async function cancelOver(channel: () => Promise<Duplex>, client: pg.PoolClient): Promise<void> {
  const parsed = sessionKey.safeParse(client);
  if (!parsed.success) return;
  const { processID, secretKey } = parsed.data;
  const over = Promise.withResolvers<void>();
  let opened: Duplex | undefined;
  const timer = setTimeout(over.resolve, deadline);
  try {
    const asked = channel().then((stream) => {
      opened = stream;
      stream.write(message(80_877_102, processID, secretKey));
      // The server hangs up once it has signalled the session.
      return ended(stream);
    });
    await Promise.race([asked, over.promise]);
  } catch {
    // The session is thrown away in any case, and the server's own timeout holds.
  } finally {
    clearTimeout(timer);
    opened?.destroy();
  }
}

/** A channel to a server, encrypted by PostgreSQL's SSLRequest unless `ssl` is false. */
export async function encryptedTo(host: string, port: number, ssl: boolean | ConnectionOptions): Promise<Socket> {
  const socket = connect({ host, port });
  try {
    await once(socket, 'connect');
    if (ssl === false) return socket;
    socket.write(message(80_877_103));
    await once(socket, 'data');
    const channel = connectTls({ ...(ssl === true ? {} : ssl), socket, host });
    await once(channel, 'secureConnect');
    return channel;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

function message(...numbers: number[]): Buffer {
  const bytes = Buffer.alloc(4 + numbers.length * 4);
  for (const [index, number] of [bytes.length, ...numbers].entries()) bytes.writeInt32BE(number, index * 4);
  return bytes;
}

function ended(stream: Duplex): Promise<void> {
  return new Promise((resolve) => {
    stream.once('close', resolve);
    stream.on('error', () => resolve());
    stream.resume();
  });
}

function once(socket: Socket, event: string): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once(event, () => resolve());
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('closed')));
  });
}
