/** What a document says that can be held against the product: its code, its links, its headings. Lines are counted from 1. */
export type Document = {
  /** From the root of the repository. */
  path: string;
  prose: string;
  blocks: readonly Block[];
  spans: readonly Span[];
  links: readonly Span[];
  anchors: ReadonlySet<string>;
};

/** A fenced block. `info` is what stands after its language. */
export type Block = { lang: string; info: string; code: string; line: number };
type Span = { text: string; line: number; at: number };

const FENCE = /^\s*(`{3,}|~{3,})\s*([\w-]*)\s*(.*)$/;

export function readDocument(path: string, text: string): Document {
  const { prose, blocks } = apart(text.split('\n'));
  const spans = matches(prose, /(?<!`)(`+)(?!`)((?:(?!\n\s*\n)[\s\S])+?)(?<!`)\1(?!`)/g, 2);
  // What is shown as code holds no link.
  const linked = spans.reduce(
    (text, { at, text: code }) => text.slice(0, at) + 'x'.repeat(code.length) + text.slice(at + code.length),
    prose,
  );
  return {
    path,
    prose,
    blocks,
    spans: spans.map((span) => ({ ...span, text: span.text.replaceAll(/\s*\n\s*/g, ' ').trim() })),
    links: [
      ...matches(linked, /\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)/g, 1),
      ...matches(linked, /^\[[^\]]+\]:\s*(\S+)/gm, 1),
    ],
    anchors: anchorsOf(prose),
  };
}

/** Prose without its blocks, on the same lines. */
function apart(lines: readonly string[]): { prose: string; blocks: Block[] } {
  const blocks: Block[] = [];
  const prose: string[] = [];
  let open: { fence: string; block: Block; indent: number } | undefined;
  for (const [index, line] of lines.entries()) {
    const [, fence = '', lang = '', info = ''] = FENCE.exec(line) ?? [];
    if (open === undefined && fence !== '') {
      open = { fence, indent: line.search(/\S/), block: { lang, info: info.trim(), code: '', line: index + 2 } };
    } else if (open !== undefined && fence.startsWith(open.fence) && lang === '') {
      blocks.push(open.block);
      open = undefined;
    } else if (open !== undefined) {
      open.block.code += `${line.slice(Math.min(open.indent, Math.max(line.search(/\S/), 0)))}\n`;
    }
    prose.push(open === undefined && fence === '' ? line : '');
  }
  if (open !== undefined) blocks.push(open.block);
  return { prose: prose.join('\n'), blocks };
}

function matches(text: string, pattern: RegExp, group: number): Span[] {
  return [...text.matchAll(pattern)].map((match) => {
    const found = match[group] ?? '';
    const at = match.index + match[0].indexOf(found, group === 2 ? (match[1] ?? '').length : 0);
    return { text: found, at, line: text.slice(0, at).split('\n').length };
  });
}

/** As GitHub makes them: lower case, without signs, dashes for spaces, numbered where they come again. */
function anchorsOf(prose: string): Set<string> {
  const seen = new Map<string, number>();
  const anchors = new Set<string>();
  for (const [, heading = ''] of prose.matchAll(/^#{1,6}\s+(.+?)\s*#*$/gm)) {
    const words = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1');
    const slug = words
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-');
    const times = seen.get(slug) ?? 0;
    seen.set(slug, times + 1);
    anchors.add(times === 0 ? slug : `${slug}-${times}`);
  }
  return anchors;
}
