import { createHash } from 'node:crypto';
import type { GoogleAuth } from 'google-auth-library';
import { z } from 'zod';

export type BucketOptions = {
  bucket: string;
  /** `host:port` of an emulator: no TLS and no credentials. */
  emulatorHost?: string | undefined;
  /** Milliseconds for one request. */
  deadline?: number;
};

const SCOPE = 'https://www.googleapis.com/auth/devstorage.read_write';
const answerSchema = z.object({ md5Hash: z.string() });

/**
 * Objects that are written once, in one bucket of Cloud Storage: nothing is ever replaced or deleted, so that the bucket may be
 * locked by a retention policy. Google's library is loaded at the first use.
 */
export function createBucket({ bucket, emulatorHost, deadline = 10_000 }: BucketOptions) {
  const origin = emulatorHost === undefined ? 'https://storage.googleapis.com' : `http://${emulatorHost}`;
  let auth: Promise<GoogleAuth> | undefined;

  async function request(path: string, init: { method: string; body?: string }): Promise<Response> {
    const headers = new Headers(emulatorHost === undefined ? await tokenFor(origin) : {});
    if (init.body !== undefined) headers.set('content-type', 'application/json');
    return fetch(`${origin}${path}`, { ...init, headers, signal: AbortSignal.timeout(deadline) });
  }

  async function tokenFor(url: string) {
    auth ??= import('google-auth-library').then(({ GoogleAuth: Auth }) => new Auth({ scopes: [SCOPE] }));
    return (await auth).getRequestHeaders(url);
  }

  async function read(name: string): Promise<string> {
    const answer = await request(`/storage/v1/b/${bucket}/o/${encodeURIComponent(name)}?alt=media`, { method: 'GET' });
    if (!answer.ok) throw new Error(`Cloud Storage answered ${answer.status} to a read.`);
    return answer.text();
  }

  return {
    /**
     * Keeps a text under a name. Where something is kept there already, it must be that very text. Throws otherwise, when the
     * bucket cannot be reached, and when the text did not arrive whole (MD5, as Cloud Storage tells it).
     */
    async keep(name: string, text: string): Promise<void> {
      const query = new URLSearchParams({ uploadType: 'media', ifGenerationMatch: '0', name });
      const answer = await request(`/upload/storage/v1/b/${bucket}/o?${query}`, { method: 'POST', body: text });
      if (answer.status === 412) {
        if ((await read(name)) !== text) throw new Error(`Something else is kept as ${name}.`);
        return;
      }
      if (!answer.ok) throw new Error(`Cloud Storage answered ${answer.status} to an upload.`);
      const { md5Hash } = answerSchema.parse(await answer.json());
      if (md5Hash !== createHash('md5').update(text).digest('base64')) throw new Error(`${name} did not arrive whole.`);
    },
  };
}
