import { z } from 'zod';

/**
 * The subprotocol of a duplex whose messages are a program's input and output. The first byte of each says what it is of, as in
 * Kubernetes' `remotecommand` (k8s.io/apimachinery): the same for every target that runs programs.
 */
export const PROGRAM = 'program.sallyport';

/** `status`, the last one, tells how the program ended. `close` ends the channel that its second byte names: of `stdin` alone. */
export const channels = { stdin: 0, stdout: 1, stderr: 2, status: 3, resize: 4, close: 255 } as const;

/** A message of a channel. */
export function frame(channel: number, payload: Uint8Array): Uint8Array {
  const bytes = Buffer.allocUnsafe(payload.byteLength + 1);
  bytes[0] = channel;
  bytes.set(payload, 1);
  return bytes;
}

/** The size of a terminal, as a client tells it; undefined where it is none. A side that is not known is 0. */
export function readSize(payload: Uint8Array): { columns: number; rows: number } | undefined {
  if (payload.byteLength > 200) return undefined;
  const text = Buffer.from(payload).toString();
  const columns = Number(/"Width"\s*:\s*(\d{1,5})\b/.exec(text)?.[1]);
  const rows = Number(/"Height"\s*:\s*(\d{1,5})\b/.exec(text)?.[1]);
  const isSize = (count: number) => count >= 0 && count <= 65_535;
  return isSize(columns) && isSize(rows) ? { columns, rows } : undefined;
}

export function writeSize({ columns, rows }: { columns: number; rows: number }): Uint8Array {
  return frame(channels.resize, Buffer.from(JSON.stringify({ Width: columns, Height: rows })));
}

/** How a program ended: with an exit status, by a signal (its name without `SIG`), or not as it would have by itself. */
const endingSchema = z.union([
  z.strictObject({ exit_status: z.int().min(0).max(255) }),
  z.strictObject({ signal: z.string().regex(/^[A-Z0-9@.-]{1,40}$/i) }),
  z.strictObject({ problem: z.strictObject({ code: z.string(), detail: z.string().optional() }) }),
]);
export type ProgramEnding = z.output<typeof endingSchema>;

/** The payload of a `status` message of `PROGRAM`. Throws where it is none. */
export function readEnding(payload: Uint8Array): ProgramEnding {
  return endingSchema.parse(JSON.parse(Buffer.from(payload).toString()));
}

export function writeEnding(ending: ProgramEnding): Uint8Array {
  return frame(channels.status, Buffer.from(JSON.stringify(ending)));
}
