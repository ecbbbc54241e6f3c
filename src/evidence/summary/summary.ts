import { readFileSync } from 'node:fs';
import type { Manifest } from '../manifest.ts';
import { bars, stackedBars } from './charts.ts';
import { grouped, type Html, html, said, shortened } from './html.ts';
import { type Count, leadTimes, type Tally } from './tally.ts';

export type SummaryInput = {
  project: string;
  period: { from: string; to: string };
  trail: Manifest['trail'];
  status: 'complete' | 'open' | 'broken';
  /** What the verifier found: the first of them. */
  findings: readonly Finding[];
  tally: Tally;
  questions: readonly AnsweredQuestion[];
  /** Undefined where they were not asked for. */
  recordings: number | undefined;
};

type Finding = { kind: string; chain?: string; seq?: number; checkpoint?: number; detail: string };

export type AnsweredQuestion = {
  name: string;
  question: string;
  criteria: readonly string[];
  rows: number;
  /** Rows to look at; undefined where the answer is a list none of which is amiss by itself. */
  exceptions: number | undefined;
};

const style = readFileSync(new URL('./style.css', import.meta.url), 'utf8');

/** One page that needs nothing but itself. It tells nothing of when or by whom it was made: the same evidence is the same page. */
export function summaryPage(input: SummaryInput): string {
  const { period } = input;
  const title = `Evidence of ${day(period.from)} to ${day(period.to)}`;
  return `${
    html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${title} · Sallyport</title>
<style>
${{ html: style }}</style>
</head>
<body>
<header>
<h1>${title}</h1>
<p class="where">What AI agents did through Sallyport in the project ${said(input.project)}, from ${moment(period.from)} up to, and not including, ${moment(period.to)}.</p>
</header>
<main>
${statusOf(input)}
${figuresOf(input)}
${overTime(input)}
${questionsTable(input.questions)}
${plots(input.tally)}
${trailTable(input)}
${findingsList(input)}
${notCovered(input)}
<h2>How to check this</h2>
<p><code>sallyport verify &lt;this folder&gt;</code> checks every file, signature, hash and chain, and needs no network. <code>README.txt</code> tells how to do it by hand with openssl, sha256sum and jq. Every number on this page was counted from <code>trail/events.ndjson</code> and from the files in <code>results/</code>.</p>
</main>
</body>
</html>`.html
  }\n`;
}

const day = (iso: string) =>
  iso.endsWith('T00:00:00.000Z') ? iso.slice(0, 10) : `${iso.slice(0, 10)} ${iso.slice(11, 16)}`;

const moment = (iso: string) => html`<time datetime="${iso}">${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC</time>`;

const some = (count: number, one: string, many = `${one}s`) => `${grouped(count)} ${count === 1 ? one : many}`;

function statusOf({ status, trail }: SummaryInput): Html {
  const { from_checkpoint: from, to_checkpoint: to, findings } = trail;
  const start = from === null ? 'the beginning of the trail' : `checkpoint ${from}`;
  const said = {
    complete: html`<strong>The trail is complete.</strong><p>Every event between ${start} and checkpoint ${to ?? ''} is here, in order and unchanged since it was recorded. Signed checkpoints hold both ends.</p>`,
    open: html`<strong>The trail holds, and its end is still open.</strong><p>Everything that a checkpoint covers is here and unchanged. No checkpoint covers the end of the period yet: an export of the same period some minutes later will be sealed.</p>`,
    broken: html`<strong>The trail does not hold.</strong><p>${some(findings, 'finding')}, listed below. Do not rely on the answers before each of them is explained.</p>`,
  };
  return html`<section class="status ${status}" aria-label="State of the trail">${said[status]}</section>`;
}

function figuresOf({ tally }: SummaryInput): Html {
  const calls = totals(tally);
  const figures: [string, number][] = [
    ['Calls allowed', calls[0] ?? 0],
    ['Held for approval', calls[1] ?? 0],
    ['Denied', calls[2] ?? 0],
    ['Refused', calls[3] ?? 0],
    ['Approvals given', sum(tally.leads)],
    ['Events', tally.events],
  ];
  return html`<dl class="figures">${figures.map(([name, count]) => html`<div><dt>${name}</dt><dd>${grouped(count)}</dd></div>`)}</dl>`;
}

const totals = ({ decisions, intervals }: Tally) =>
  decisions.map((_, place) => sum(intervals.map(({ counts }) => counts[place] ?? 0)));

function overTime({ tally }: SummaryInput): Html {
  const { intervals, decisions, interval } = tally;
  const busy = intervals.filter(({ counts }) => sum(counts) > 0);
  if (busy.length === 0) return html`<h2>Calls over time</h2><p class="quiet">No call came within the period.</p>`;
  const label = labelBy(interval);
  const calls = totals(tally);
  const busiest = busy.reduce((most, one) => (sum(one.counts) > sum(most.counts) ? one : most));
  const description = `Calls in intervals of ${spanOf(interval)}: ${decisions.map((name, place) => `${grouped(calls[place] ?? 0)} ${name}`).join(', ')}. The busiest began ${iso(busiest.start)} with ${some(sum(busiest.counts), 'call')}.`;
  return html`<h2>Calls over time</h2>
<figure><figcaption>Number of calls by what became of them, in intervals of ${spanOf(interval)} (UTC)</figcaption>
${stackedBars({ id: 'time', title: 'Calls over time by decision', description, series: decisions, bars: intervals, labelOf: label })}
<details><summary>The numbers</summary><table><thead><tr><th scope="col">From</th>${decisions.map((name) => html`<th scope="col" class="number">${name}</th>`)}</tr></thead>
<tbody>${busy.map(({ start, counts }) => html`<tr><th scope="row">${iso(start)}</th>${counts.map((count) => html`<td class="number">${grouped(count)}</td>`)}</tr>`)}</tbody></table></details>
</figure>`;
}

const iso = (time: number) => new Date(time).toISOString().slice(0, 16).replace('T', ' ');

const hour = 3_600_000;

const labelBy = (interval: number) => (start: number) =>
  interval < 24 * hour ? iso(start).slice(interval < 3 * hour ? 11 : 5) : iso(start).slice(0, 10);

function spanOf(milliseconds: number): string {
  const minutes = milliseconds / 60_000;
  if (minutes % 1440 === 0) return some(minutes / 1440, 'day');
  return minutes % 60 === 0 ? some(minutes / 60, 'hour') : some(minutes, 'minute');
}

function plots(tally: Tally): Html {
  const leads: Count[] = [
    ...leadTimes.map(([, name], place) => ({ name: `within ${name}`, count: tally.leads[place] ?? 0 })),
    { name: 'longer', count: tally.leads.at(-1) ?? 0 },
  ];
  const given = sum(tally.leads);
  return html`
${plotted({ id: 'leads', title: 'How long approvals took', of: 'From being asked for to a human’s yes', unit: 'Approvals', counts: given === 0 ? [] : leads, none: 'Nothing was approved within the period.' })}
${plotted({ id: 'refusals', title: 'Why calls were denied or refused', of: 'Reason, in the product’s own words', unit: 'Calls', counts: tally.refusals, none: 'No call was denied or refused.' })}
${plotted({ id: 'masks', title: 'What was masked', of: 'Class of data', unit: 'Columns masked', counts: tally.masks, none: 'Nothing was masked.' })}
${plotted({ id: 'agents', title: 'Who called', of: 'Identity the token proves · name the caller gives itself', unit: 'Calls', counts: tally.agents, none: 'Nobody called.' })}
${plotted({ id: 'connections', title: 'What was called', of: 'Connection', unit: 'Calls', counts: tally.connections, none: 'Nothing was called.' })}
${plotted({ id: 'outcomes', title: 'How operations ended', of: 'Outcome', unit: 'Operations', counts: tally.outcomes, none: 'No operation ended within the period.' })}`;
}

/** More than these are told as one sum. */
const mostBars = 12;

function plotted(plot: {
  id: string;
  title: string;
  of: string;
  unit: string;
  counts: readonly Count[];
  none: string;
}): Html {
  const { id, title, of, unit, counts, none } = plot;
  if (counts.length === 0) return html`<section><h2>${title}</h2><p class="quiet">${none}</p></section>`;
  const rest = counts.slice(mostBars);
  const shown = counts.slice(0, mostBars);
  const total = sum(counts.map(({ count }) => count));
  const description = `${unit} by ${of.toLowerCase()}: the most are ${shown
    .slice(0, 3)
    .map(({ name, count }) => `${shortened(name, 80)} with ${grouped(count)}`)
    .join(', ')}; ${grouped(total)} in all.`;
  return html`<section><h2>${title}</h2><figure><div class="beside">
<div>${bars({ id, title, description, counts: shown })}</div>
<table><thead><tr><th scope="col">${of}</th><th scope="col" class="number">${unit}</th></tr></thead>
<tbody>${shown.map(({ name, count }) => html`<tr><th scope="row">${said(name)}</th><td class="number">${grouped(count)}</td></tr>`)}
${rest.length > 0 ? html`<tr><th scope="row">${some(rest.length, 'more')}</th><td class="number">${grouped(sum(rest.map(({ count }) => count)))}</td></tr>` : undefined}</tbody></table>
</div></figure></section>`;
}

function questionsTable(questions: readonly AnsweredQuestion[]): Html {
  return html`<h2>The auditor’s questions</h2>
<table><caption>Answered for the period. “To look at” counts the rows that want an explanation; where there is none, the answer is a list.</caption>
<thead><tr><th scope="col">Question</th><th scope="col">Criteria</th><th scope="col" class="number">Rows</th><th scope="col" class="number">To look at</th><th scope="col" class="files">Files</th></tr></thead>
<tbody>${questions.map(
    ({
      name,
      question,
      criteria,
      rows,
      exceptions,
    }) => html`<tr><th scope="row">${question}<br><code class="quiet">${name}</code></th>
<td>${criteria.map((one) => html`<span class="tag">${one}</span> `)}</td><td class="number">${grouped(rows)}</td>
<td class="number${exceptions ? ' look' : ''}">${exceptions === undefined ? '–' : grouped(exceptions)}</td>
<td class="files"><a href="results/${name}.csv">CSV</a> <a href="results/${name}.json">JSON</a> <a href="sql/${name}.sql">SQL</a></td></tr>`,
  )}</tbody></table>`;
}

function trailTable({ trail, recordings }: SummaryInput): Html {
  const rows: [string, string][] = [
    ['Events in this bundle', grouped(trail.events)],
    ['Of these, within the period', grouped(trail.events_in_period)],
    ['First and last event', trail.first_time === null ? 'none' : `${trail.first_time} – ${trail.last_time}`],
    ['Chains', `${grouped(trail.chains)}, one for each start of an instance`],
    ['Checkpoints', grouped(trail.checkpoints)],
    ['From checkpoint', trail.from_checkpoint ?? 'none: from the beginning of the trail'],
    ['To checkpoint', trail.to_checkpoint ?? 'none yet'],
    ['Sealed', trail.sealed ? 'yes: a checkpoint made after the period covers all of it' : 'not yet'],
    ['Gaps, forks, changes and the like', trail.findings === 0 ? 'none' : grouped(trail.findings)],
    ['Recorded chunks of answers', recordings === undefined ? 'not asked for' : grouped(recordings)],
  ];
  return html`<h2>The population</h2>
<table><caption>What the answers were taken from, and how far it is proven to be all there is.</caption>
<tbody>${rows.map(([name, value]) => html`<tr><th scope="row">${name}</th><td>${value}</td></tr>`)}</tbody></table>`;
}

function findingsList({ findings, trail }: SummaryInput): Html | undefined {
  if (trail.findings === 0) return undefined;
  const rest = trail.findings - findings.length;
  return html`<h2>Findings in the trail</h2>
<table><thead><tr><th scope="col">What</th><th scope="col">Where</th><th scope="col">In words</th></tr></thead>
<tbody>${findings.map((finding) => html`<tr><th scope="row">${finding.kind}</th><td>${placeOf(finding)}</td><td>${said(finding.detail)}</td></tr>`)}</tbody></table>
${rest > 0 ? html`<p class="quiet">And ${grouped(rest)} more: <code>sallyport verify</code> lists them.</p>` : undefined}`;
}

function placeOf({ chain, seq, checkpoint }: Finding): Html {
  if (chain !== undefined) return html`${said(chain)}${seq === undefined ? '' : ` · ${seq}`}`;
  return html`${checkpoint === undefined ? '' : `checkpoint ${checkpoint}`}`;
}

function notCovered({ trail, recordings, tally }: SummaryInput): Html {
  const notes = [
    trail.sealed ? undefined : 'Events after the last checkpoint here: nothing is signed for them yet.',
    trail.from_checkpoint === null
      ? 'Whether anything came before the first event of each chain: no checkpoint precedes the period.'
      : undefined,
    recordings === undefined
      ? 'What was returned to agents: recordings are in a bundle that is asked for with them.'
      : undefined,
    'What reached a target by other ways: `reconciliation` compares the targets’ own records, as far as they are collected.',
    'What happened before the period, except where a question looks back for it, such as an approval given earlier.',
    tally.refusals.length > 0
      ? 'Single refusals of unknown callers during a flood: they are counted together, and counted exactly.'
      : undefined,
  ];
  return html`<h2>What this does not cover</h2><ul>${notes.map((note) => (note === undefined ? undefined : html`<li>${marked(note)}</li>`))}</ul>`;
}

/** Names between backticks as code. */
const marked = (text: string) =>
  text.split('`').map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : part));

const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0);
