import type { Writable } from 'node:stream';

/** Resolves when there is room for more, or nobody there to read it any more. */
export async function writeTo(channel: Writable, bytes: Uint8Array, gone: AbortSignal): Promise<void> {
  if (gone.aborted || !channel.writable || channel.write(bytes)) return;
  await new Promise<void>((resolve) => {
    const go = () => {
      channel.off('drain', go).off('close', go).off('error', go);
      gone.removeEventListener('abort', go);
      resolve();
    };
    channel.on('drain', go).on('close', go).on('error', go);
    gone.addEventListener('abort', go, { once: true });
  });
}
