/** Text that is HTML already. */
export type Html = { readonly html: string };

type Piece = Html | string | number | undefined | readonly Piece[];

/** HTML whose every insertion is escaped, unless it is HTML itself; nothing where it is undefined. */
export function html(texts: TemplateStringsArray, ...pieces: readonly Piece[]): Html {
  return { html: texts.map((text, index) => (index === 0 ? text : rendered(pieces[index - 1]) + text)).join('') };
}

function rendered(piece: Piece): string {
  if (piece === undefined) return '';
  if (typeof piece === 'string' || typeof piece === 'number') return escaped(String(piece));
  return 'html' in piece ? piece.html : piece.map(rendered).join('');
}

/** Words of others: what a page would obey or hide is made visible, and none of them changes the direction of what follows. */
export const said = (text: string): Html => html`<bdi>${visible(text)}</bdi>`;

/** As few characters as fit a label, the whole of which stands elsewhere. */
export function shortened(text: string, most: number): string {
  const characters = [...visible(text)];
  return characters.length <= most ? characters.join('') : `${characters.slice(0, most - 1).join('')}…`;
}

const visible = (text: string) =>
  text.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}]/gu,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const escaped = (text: string) => text.replace(/[&<>"']/g, (sign) => entities[sign] ?? sign);

/** 12,345 */
export const grouped = (number: number) => String(number).replace(/\B(?=(\d{3})+$)/g, ',');
