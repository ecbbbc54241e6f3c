import { readFileSync } from 'node:fs';
import { type Period, printed, valuesOf } from '../asking.ts';
import { type ChainStatus, type Manifest, manifestSchema } from '../manifest.ts';
import { questions } from '../questions.ts';
import { summaryPage } from '../summary/summary.ts';
import { createTally, type Tally } from '../summary/tally.ts';
import { type Report, type TrustedKey, verifyTrail } from '../verify.ts';
import { type BundleFile, fileOf, measuring } from './file.ts';
import { type Result, resultOf } from './results.ts';
import { type Query, recordingsFrom, type Span, spanOf } from './span.ts';
import { type Open, openCheckpoints, openRecordings, openTrail, type TrailLine } from './trail.ts';

export type PrepareDeps = {
  project: string;
  query: Query;
  open: Open;
  keys: BundleKeys;
  now: () => Date;
};

/** Public keys, SPKI in PEM. */
export type BundleKeys = { approval: Required<TrustedKey>; checkpoint: Required<TrustedKey> | undefined };

export type Asked = { period: Period; by: string; recordings: boolean };

/** What is being done, and how far it is. */
export type Progress = { step: string; done: number; total: number };

export type Prepared = {
  /** All but the manifest and its signature. */
  files: readonly BundleFile[];
  manifest: Manifest;
};

/**
 * Reads everything once, so that the size and hash of every file are known before the first is written, and checks the trail
 * on the way. What BigQuery answered is kept there and read again when the files are written.
 */
export async function prepare(
  asked: Asked,
  deps: PrepareDeps,
  watch: { onProgress: (progress: Progress) => void; signal: AbortSignal },
): Promise<Prepared> {
  const { period, by } = asked;
  const exportedAt = deps.now();
  const span = await spanOf({ query: deps.query, period, now: exportedAt });
  const trail = await readTrail(span, asked, deps, watch);
  const status = statusOf(trail.report, span);
  const results = await readResults(span, period, deps, watch);
  const population = { events: trail.tally.events, first: trail.tally.first ?? null, last: trail.tally.last ?? null };
  const about = { project: deps.project, period: { from: period.from.toISOString(), to: period.to.toISOString() } };
  const summary = summaryPage({
    ...about,
    trail: trail.said,
    status,
    findings: trail.report.findings.slice(0, 50),
    tally: trail.tally,
    questions: results.map(({ answered }) => answered),
    recordings: trail.recordings,
  });
  const files = [
    fileOf('README.txt', readme),
    fileOf('summary.html', summary),
    ...trail.files,
    ...keyFiles(deps.keys),
    fileOf('sql/known.json', knownText(span)),
    ...results.flatMap((result) => result.files),
  ];
  const manifest = manifestSchema.parse({
    format: 'sallyport-evidence',
    version: 1,
    ...about,
    exported_at: exportedAt.toISOString(),
    exported_by: by,
    files: files.map(({ path, sha256, bytes }) => ({ path, sha256, bytes })).sort((a, b) => (a.path < b.path ? -1 : 1)),
    trail: trail.said,
    queries: results.map(({ query }) => ({ ...query, population, chain_status: status })),
  });
  return { files, manifest };
}

const readme = readFileSync(new URL('./README.txt', import.meta.url), 'utf8');

function statusOf({ found }: Report, { sealed }: Span): ChainStatus {
  if (found > 0) return 'broken';
  return sealed ? 'complete' : 'open';
}

type Watch = { onProgress: (progress: Progress) => void; signal: AbortSignal };

type ReadTrail = {
  files: BundleFile[];
  said: Manifest['trail'];
  tally: Tally;
  report: Report;
  /** How many chunks; undefined where they were not asked for. */
  recordings: number | undefined;
};

/** Verified as it will be verified offline, measured and counted, all in one reading. */
async function readTrail(
  span: Span,
  { period, recordings: wanted }: Asked,
  deps: PrepareDeps,
  watch: Watch,
): Promise<ReadTrail> {
  const checkpoints = await openCheckpoints(span, deps.open);
  const trail = await openTrail(span, deps.query, deps.open);
  const recordings = wanted ? await openRecordings(span, deps.open) : undefined;
  const keptFrom = wanted ? await recordingsFrom(deps.query, deps.now()) : null;
  const [checkpointSize, eventSize, recordingSize] = [measuring(), measuring(), measuring()];
  const tally = createTally(period);
  const report = await verifyTrail(
    {
      checkpoints: mapped(checkpoints.lines(), ({ event, line }) => {
        watch.signal.throwIfAborted();
        checkpointSize.add(`${line}\n`);
        return event;
      }),
      events: mapped(trail.lines(), ({ event, line }) => {
        eventSize.add(`${line}\n`);
        tally.add(event);
        return line;
      }),
      ...(recordings && {
        recordings: mapped(recordings.lines(), ({ event, line }) => {
          watch.signal.throwIfAborted();
          recordingSize.add(`${line}\n`);
          return event;
        }),
      }),
    },
    {
      keys: trustedKeys(deps.keys),
      excerpt: span.from !== undefined,
      ordered: true,
      recorded: period,
      ...(keptFrom !== null && { recordingsFrom: new Date(keptFrom) }),
      ...(!span.sealed && { readAt: deps.now() }),
      onProgress(done) {
        watch.signal.throwIfAborted();
        watch.onProgress({ step: 'reading the trail', done, total: trail.rows });
      },
    },
  );
  const counted = tally.end();
  return {
    files: [
      { path: 'trail/events.ndjson', ...eventSize.end(), content: () => mapped(trail.lines(), textOf) },
      { path: 'trail/checkpoints.ndjson', ...checkpointSize.end(), content: () => mapped(checkpoints.lines(), textOf) },
      ...(recordings
        ? [
            {
              path: 'trail/recordings.ndjson',
              ...recordingSize.end(),
              content: () => mapped(recordings.lines(), textOf),
            },
          ]
        : []),
    ],
    recordings: recordings?.rows,
    said: {
      events: report.events,
      events_in_period: counted.events,
      first_time: report.period?.from ?? null,
      last_time: report.period?.to ?? null,
      chains: report.chains,
      checkpoints: report.checkpoints,
      from_checkpoint: span.from?.checkpoint ?? null,
      to_checkpoint: span.to?.checkpoint ?? null,
      sealed: span.sealed,
      recordings_from: keptFrom,
      findings: report.found,
    },
    tally: counted,
    report,
  };
}

const textOf = ({ line }: TrailLine) => `${line}\n`;

const trustedKeys = ({ approval, checkpoint }: BundleKeys) => ({
  approval: [approval],
  checkpoint: checkpoint === undefined ? [] : [checkpoint],
});

async function* mapped<T, U>(items: AsyncIterable<T>, map: (item: T) => U): AsyncGenerator<U> {
  for await (const item of items) yield map(item);
}

/** Each question, by its name, asked of nothing but what the bundle's trail knows. */
async function readResults(span: Span, period: Period, { open }: PrepareDeps, watch: Watch): Promise<Result[]> {
  const known = { known_before: period.from, known_checkpoint: span.to?.number ?? -1 };
  const results: Result[] = [];
  const ordered = questions.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  for (const question of ordered) {
    watch.signal.throwIfAborted();
    watch.onProgress({ step: `answering ${question.name}`, done: results.length, total: ordered.length });
    const values = { ...valuesOf(question, period), ...known };
    results.push(
      await resultOf(question, {
        open,
        parameters: { ...values, known: knownText(span) },
        printed: { ...printed(values), known: 'sql/known.json' },
        signal: watch.signal,
      }),
    );
  }
  return results;
}

/** What a query is told of the chains: up to which event each is known. */
const knownText = ({ chains }: Span) => JSON.stringify(chains.map(({ chain, upto }) => ({ chain, upto })));

function keyFiles({ approval, checkpoint }: BundleKeys): BundleFile[] {
  const files = [fileOf('keys/approval.pem', approval.pem)];
  return checkpoint === undefined ? files : [...files, fileOf('keys/checkpoint.pem', checkpoint.pem)];
}
