import { z } from 'zod';
import { canonicalJson, sha256 } from '../model/canonical.ts';

/** What a bundle of evidence says of itself, and what is signed of it. */

const text = z.string();
const count = z.int().nonnegative();
const digest = z.string().regex(/^[0-9a-f]{64}$/);
const moment = z.iso.datetime();

/** An event by its place. */
const placeSchema = z.strictObject({ chain: text, seq: count, time: moment });
export type Place = z.output<typeof placeSchema>;

/** `complete`: no gap, no fork, every hash holds, and a checkpoint covers the period's end. */
const chainStatuses = ['complete', 'open', 'broken'] as const;
export type ChainStatus = (typeof chainStatuses)[number];

export const manifestSchema = z.strictObject({
  format: z.literal('sallyport-evidence'),
  version: z.literal(1),
  project: text,
  /** `from` is within the period, `to` is not. */
  period: z.strictObject({ from: moment, to: moment }),
  exported_at: moment,
  /** An IAM member. */
  exported_by: text,
  /** Every file but this one and its signature, by path. */
  files: z.array(z.strictObject({ path: text, sha256: digest, bytes: count })),
  trail: z.strictObject({
    /** Events in the bundle: the period's, and those that anchor it at both ends. */
    events: count,
    /** Of these, the period's own. */
    events_in_period: count,
    first_time: moment.nullable(),
    last_time: moment.nullable(),
    chains: count,
    checkpoints: count,
    /** The last before the period: the trail begins after what it covers; null where the trail begins at its beginning. */
    from_checkpoint: text.nullable(),
    /** The first that covers the whole period, or the last there is; null where there is none. */
    to_checkpoint: text.nullable(),
    /** Whether `to_checkpoint` was made after the period's end and covers every event of it. */
    sealed: z.boolean(),
    /** Recordings of outcomes before that day may have been deleted by the time of the export, as the last checkpoint then signed; null where all are kept, or none were asked for. */
    recordings_from: z.iso.date().nullable(),
    /** What the verifier found at the export; 0 where everything holds. */
    findings: count,
  }),
  /** In the order of their names. */
  queries: z.array(
    z.strictObject({
      name: text,
      question: text,
      criteria: z.array(text),
      /** Of `sql/<name>.sql`: the exact text that was sent. */
      sql_sha256: digest,
      /** `known` names the file that holds what the query was told of the chains. */
      parameters: z.record(text, z.union([text, z.number()])),
      rows: count,
      /** Of the period's events: what the answer was taken from. */
      population: z.strictObject({ events: count, first: placeSchema.nullable(), last: placeSchema.nullable() }),
      chain_status: z.enum(chainStatuses),
    }),
  ),
});
export type Manifest = z.output<typeof manifestSchema>;

/** `manifest.sig`. */
export const manifestSignatureSchema = z.strictObject({
  /** The exact text that was signed: `signedText` of the manifest's file. */
  signed: text,
  /** ECDSA P-256 over SHA-256 of `signed`, DER in base64. */
  signature: text,
  /** The KMS key version that signed: the console's, which signs approvals, too. */
  key: text,
});

/**
 * What is signed: canonical JSON (RFC 8785) that says what it is, so that it can be taken for nothing else that the same key
 * signs. `manifest` is the exact bytes of `manifest.json`.
 */
export function signedText(manifest: string | Uint8Array, signedAt: string): string {
  return canonicalJson({
    type: 'sallyport-evidence-manifest',
    version: 1,
    sha256: sha256(manifest),
    signed_at: signedAt,
  });
}
