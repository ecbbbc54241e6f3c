import { grouped, type Html, html, shortened } from './html.ts';
import type { Count } from './tally.ts';

/** Plots as SVG, each with a title and a description for who cannot see it. Colours are the style sheet's. */

/** Bars of several series on top of each other, over time. */
export function stackedBars(plot: {
  id: string;
  title: string;
  description: string;
  series: readonly string[];
  bars: readonly { start: number; counts: readonly number[] }[];
  labelOf: (start: number) => string;
}): Html {
  const { id, title, description, bars, series, labelOf } = plot;
  const [width, height] = [860, 260];
  const [left, right, top, bottom] = [52, 8, 10, 26];
  const [across, up] = [width - left - right, height - top - bottom];
  const { most, step } = scaleOf(Math.max(0, ...bars.map(({ counts }) => sum(counts))));
  const y = (count: number) => top + up - (up * count) / most;
  const slot = across / Math.max(bars.length, 1);
  const gap = Math.min(slot * 0.2, 4);
  const ticks = Array.from({ length: Math.round(most / step) + 1 }, (_, index) => index * step);
  const every = Math.max(1, Math.ceil(bars.length / 8));

  return html`<svg class="plot" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="${id}-title ${id}-description">
<title id="${id}-title">${title}</title><desc id="${id}-description">${description}</desc>
${ticks.map((tick) => html`<line class="grid" x1="${left}" x2="${width - right}" y1="${round(y(tick))}" y2="${round(y(tick))}"/><text class="tick" x="${left - 6}" y="${round(y(tick) + 4)}" text-anchor="end">${grouped(tick)}</text>`)}
${bars.map(({ counts }, index) => html`<g>${series.map((_, place) => column(counts, place, { x: left + index * slot + gap / 2, wide: slot - gap, y }))}</g>`)}
${bars.map(({ start }, index) => (index % every === 0 && left + index * slot < width - 64 ? html`<text class="tick" x="${round(left + index * slot)}" y="${height - 8}">${labelOf(start)}</text>` : undefined))}
</svg>
<ul class="legend">${series.map((name, place) => html`<li><span class="key s${place}"></span>${name}</li>`)}</ul>`;
}

function column(
  counts: readonly number[],
  place: number,
  { x, wide, y }: { x: number; wide: number; y: (count: number) => number },
) {
  const count = counts[place] ?? 0;
  if (count === 0) return undefined;
  const below = sum(counts.slice(0, place));
  const [upper, lower] = [y(below + count), y(below)];
  return html`<rect class="s${place}" x="${round(x)}" y="${round(upper)}" width="${round(wide)}" height="${round(lower - upper)}"/>`;
}

/** A bar for each name, in the order given. */
export function bars(plot: { id: string; title: string; description: string; counts: readonly Count[] }): Html {
  const { id, title, description, counts } = plot;
  const [width, left, right, line] = [520, 200, 60, 24];
  const height = counts.length * line + 8;
  const most = Math.max(1, ...counts.map(({ count }) => count));
  const wide = (count: number) => ((width - left - right) * count) / most;
  return html`<svg class="plot" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="${id}-title ${id}-description">
<title id="${id}-title">${title}</title><desc id="${id}-description">${description}</desc>
<line class="grid" x1="${left}" x2="${left}" y1="0" y2="${height}"/>
${counts.map(({ name, count }, index) => html`<text class="name" x="${left - 8}" y="${index * line + 19}" text-anchor="end">${shortened(labelOf(name), 27)}</text><rect class="s0" x="${left}" y="${index * line + 6}" width="${round(wide(count))}" height="${line - 7}"/><text class="tick" x="${round(left + wide(count) + 6)}" y="${index * line + 19}">${grouped(count)}</text>`)}
</svg>`;
}

/** Of an IAM member what tells it from others. */
const labelOf = (name: string) => name.replace(/^(serviceAccount|user|group):/, '');

/** Round steps of 1, 2 or 5 × 10^k, five at most, the last of which is not below what has to fit. */
function scaleOf(largest: number): { most: number; step: number } {
  const rough = Math.max(1, largest) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(1, [1, 2, 5, 10].map((factor) => factor * power).find((one) => one >= rough) ?? 1);
  return { most: Math.max(step, Math.ceil(largest / step) * step), step };
}

const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0);

const round = (number: number) => Number(number.toFixed(2));
