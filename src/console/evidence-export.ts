import type { Context } from 'hono';
import { html } from 'hono/html';
import { z } from 'zod';
import type { Bundles } from '../evidence/evidence.ts';
import { check } from '../model/check.ts';
import { asProblem, Problem } from '../model/problem.ts';
import type { Markup } from './shown.ts';
import type { Visit } from './visit.ts';

/** What is exported: `from` is within the period, `to` is not. A day is its first moment in UTC. */
const moment = z.union([z.iso.datetime({ offset: true }), z.iso.date()]).transform((text) => new Date(text));
export const exportSchema = z.strictObject({
  from: moment,
  to: moment,
  /** Also what was returned to agents, as far as it was recorded. */
  recordings: z.boolean().default(false),
});

/** A form sends the same; a box that is not ticked sends nothing. */
export const exportFormSchema = z.strictObject({
  csrf: z.string().max(100),
  from: z.iso.date(),
  to: z.iso.date(),
  recordings: z.literal('on').optional(),
});

export type EvidenceExport = (context: Context, visit: Visit, asked: z.output<typeof exportSchema>) => Response;

/** Exports that run at once: each asks BigQuery much. */
const atOnce = 2;

/**
 * Answers with a bundle as a tape archive that is made while it is sent. The visit is recorded at once, and the export with its manifest's
 * hash before any evidence leaves; where that or anything else fails, the answer breaks off without a manifest.
 */
export function createEvidenceExport(bundles: Bundles, onFault: (error: unknown) => void): EvidenceExport {
  let running = 0;

  async function* pieces(visit: Visit, { from, to, recordings }: z.output<typeof exportSchema>) {
    running++;
    try {
      yield* bundles.export({
        period: { from, to },
        by: visit.identity.member,
        recordings,
        onReady: ({ sha256 }) =>
          visit.note(
            'evidence_exported',
            {},
            { note: JSON.stringify({ name: 'bundle', from, to, recordings, manifest_sha256: sha256 }) },
          ),
      });
    } catch (thrown) {
      const problem = asProblem(thrown);
      if (problem.code === 'internal') onFault(problem.cause ?? problem.reason);
      // The server prints what it is given here, so that is given nothing of the cause.
      throw new Error('An export broke off.');
    } finally {
      running--;
    }
  }

  return (context, visit, asked) => {
    check(asked, orderly);
    if (running >= atOnce)
      throw new Problem('rate-limited', { detail: 'Other exports are running. Try again when they are done.' });
    const days = [asked.from, asked.to].map((time) => time.toISOString().slice(0, 10)).join('-to-');
    return context.body(ReadableStream.from(pieces(visit, asked)), 200, {
      'Content-Type': 'application/x-tar',
      'Content-Disposition': `attachment; filename="sallyport-evidence-${days}.tar"`,
    });
  };
}

/** BigQuery's time begins in year 1. */
const orderly = z
  .object({ from: z.date(), to: z.date() })
  .refine(({ from, to }) => from.getUTCFullYear() >= 1 && from < to, 'from must be in year 1 or after, and before to');

/** Where an auditor asks for a bundle. Works without a script: the browser shows how much has come. */
export function exportForm({ csrf, now }: { csrf: string; now: Date }): Markup {
  const today = now.toISOString().slice(0, 10);
  const monthAgo = new Date(now.getTime() - 30 * 86_400_000).toISOString().slice(0, 10);
  return html`<section aria-labelledby="bundle"><h2 id="bundle">A bundle to keep</h2>
<p class="quiet">All answers with the trail they were taken from, its checkpoints, keys, a manifest with the console’s signature, and a summary with plots. It is checked with <code>sallyport verify</code>, or by hand, without any network. The download begins at once; how long it takes depends on the period.</p>
<form class="period" method="post" action="/evidence/export">
<input type="hidden" name="csrf" value="${csrf}">
<label>From (UTC) <input type="date" name="from" value="${monthAgo}" required></label>
<label>To, not included <input type="date" name="to" value="${today}" required></label>
<label class="tick"><input type="checkbox" name="recordings"> with what was returned to agents</label>
<button>Export</button>
</form></section>`;
}
