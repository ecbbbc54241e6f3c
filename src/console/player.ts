import { readFileSync } from 'node:fs';
import type { Hono } from 'hono';

const bundle = (name: string) =>
  readFileSync(new URL(import.meta.resolve(`asciinema-player/dist/bundle/${name}`)), 'utf8');
const script = { 'Content-Type': 'text/javascript; charset=utf-8' };

/**
 * The one page that runs a script: the player's, of our own origin, which is compiled WebAssembly in part and loads the recording from there.
 */
export const PLAYING =
  "default-src 'none'; style-src 'self'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/** What plays a session in the page of its operation. Holds nothing that anybody might not see. */
export function addPlayer(app: Hono): void {
  const files = {
    '/player.js': [bundle('asciinema-player.min.js'), script],
    '/player.css': [bundle('asciinema-player.css'), { 'Content-Type': 'text/css; charset=utf-8' }],
    '/play.js': [readFileSync(new URL('./play.js', import.meta.url), 'utf8'), script],
  } as const;
  for (const [path, [text, headers]] of Object.entries(files))
    app.get(path, (context) => context.body(text, 200, headers));
}
