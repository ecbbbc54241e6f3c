import { readJsonObject } from './strict-json.ts';

const maxBytes = 1024 * 1024;
const deadlineMs = 3000;

/** The JSON object at an address. Throws after 3 s, over 1 MiB (after decompression), on a redirect, and on anything but 200. */
export async function downloadJson(address: string, fetch: typeof globalThis.fetch) {
  const response = await fetch(address, {
    redirect: 'manual',
    signal: AbortSignal.timeout(deadlineMs),
    headers: { accept: 'application/json' },
  });
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new Error(`${address} answered ${response.status}.`);
  }
  const object = readJsonObject(await readBounded(response, address));
  if (object === undefined) throw new Error(`${address} did not answer with a JSON object.`);
  return object;
}

async function readBounded(response: Response, address: string): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > maxBytes) throw new Error(`${address} answered with more than ${maxBytes} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
