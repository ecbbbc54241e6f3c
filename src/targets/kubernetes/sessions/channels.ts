import { unreadable } from '../refusal.ts';

/** The first byte of each message says what it is of (k8s.io/apimachinery, `remotecommand`). `close` is of the fifth version alone. */
export const channels = { stdin: 0, stdout: 1, stderr: 2, status: 3, resize: 4, close: 255 } as const;

export const V5 = 'v5.channel.k8s.io';
export const V4 = 'v4.channel.k8s.io';

/**
 * The version that is spoken with the caller: the newest of those that both know. Refuses the older ones: the first three cannot tell an
 * exit status, and one of them sends text in place of bytes.
 */
export function agreeOn(offered: readonly string[]): string {
  const version = [V5, V4].find((known) => offered.includes(known));
  if (version === undefined) throw unreadable('upgrade', `Offer the WebSocket subprotocol ${V5} or ${V4}.`);
  return version;
}

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
