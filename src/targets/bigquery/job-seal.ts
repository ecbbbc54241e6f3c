import { createCipheriv, createDecipheriv, createHmac, hkdfSync } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { z } from 'zod';
import { transforms, verbs } from '../../model/documents.ts';
import type { TokenKey } from '../../model/seal.ts';

const contentSchema = z.strictObject({
  connection: z.string(),
  /** Of the connection, which changes with what is classified. */
  version: z.string(),
  /** Who may read the results: the IAM member that asked. */
  owner: z.string(),
  /** What the results hold in the clear, in order. */
  unmask: z.array(z.string()),
  verb: z.enum(verbs),
  resources: z.array(z.string()),
  classes: z.array(z.string()),
  masks: z.array(z.strictObject({ resource: z.string(), class: z.string(), transform: z.enum(transforms) })),
  /** The caller's own; absent where it is long. */
  statement: z.string().optional(),
  defaultDataset: z.string().optional(),
  destination: z.string().optional(),
});

/** What a job was made for. It stands, encrypted, in the job's own text: instances of the gateway come and go, and keep nothing. */
export type JobContent = z.output<typeof contentSchema>;

export type JobSeal = {
  /** The text that is run: what is said of it follows in a comment, which nobody can read or change. The same is said in the same letters. */
  write(text: string, content: JobContent): string;
  /** What was said of a text. Undefined where nothing was, or where it is not as it was written. */
  read(text: string): JobContent | undefined;
  /** A label's value, which only the gateway can give to a job of this id. */
  label(jobId: string): string;
};

const MARK = '\n-- sallyport ';
/** Characters of a statement that is repeated to its caller. */
const LONGEST = 200_000;

/** Keys of AES-256-GCM and HMAC-SHA256, by HKDF from the deployment's. */
export function createJobSeal(tokenKey: TokenKey): JobSeal {
  const derived = Buffer.from(hkdfSync('sha256', tokenKey('bigquery job'), '', 'sallyport bigquery job', 64));
  const [cipherKey, macKey] = [derived.subarray(0, 32), derived.subarray(32)];
  const mac = (use: string, ...parts: readonly (string | Uint8Array)[]) => {
    const hash = createHmac('sha256', macKey).update(`${use}\0`);
    for (const part of parts) hash.update(part).update('\0');
    return hash.digest();
  };

  return {
    write(text, { statement, ...content }) {
      const isKept = statement !== undefined && statement.length <= LONGEST;
      const plain = deflateRawSync(JSON.stringify({ ...content, ...(isKept && { statement }) }));
      // Made of what is encrypted, so that the same query is the same text, and BigQuery answers it from its cache.
      const iv = mac('iv', text, plain).subarray(0, 12);
      const cipher = createCipheriv('aes-256-gcm', cipherKey, iv).setAAD(Buffer.from(text));
      const sealed = Buffer.concat([iv, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
      return `${text}${MARK}${sealed.toString('base64url')}`;
    },
    read(whole) {
      const at = whole.lastIndexOf(MARK);
      if (at < 0) return undefined;
      const sealed = Buffer.from(whole.slice(at + MARK.length), 'base64url');
      if (sealed.length < 28) return undefined;
      try {
        const decipher = createDecipheriv('aes-256-gcm', cipherKey, sealed.subarray(0, 12))
          .setAAD(Buffer.from(whole.slice(0, at)))
          .setAuthTag(sealed.subarray(-16));
        const plain = Buffer.concat([decipher.update(sealed.subarray(12, -16)), decipher.final()]);
        return contentSchema.parse(JSON.parse(inflateRawSync(plain).toString()));
      } catch {
        return undefined;
      }
    },
    label: (jobId) => mac('job', jobId).toString('hex').slice(0, 40),
  };
}
