import type { ServerResponse } from 'node:http';
import type { JsonObject } from './json.ts';
import { textAt } from './json.ts';
import { containerOf } from './pods.ts';
import { isTrue } from './request-info.ts';
import { badRequest } from './status.ts';

type Line = { time: Date; text: string };

export type Logs = {
  /** Answers with the lines of a Pod; with `follow` it goes on, a line twice a second, until the caller leaves. */
  write(pod: JsonObject, query: URLSearchParams, response: ServerResponse): void;
};

const MILLISECONDS = 500;

/** Each Pod says once what `lines` says of it, and then that it is alive, for as long as anybody listens. */
export function createLogs({ lines, now }: { lines: (pod: JsonObject) => readonly string[]; now: () => Date }): Logs {
  const kept = new Map<string, Line[]>();

  function linesOf(pod: JsonObject): Line[] {
    const uid = textAt(pod, 'metadata', 'uid');
    const started = new Date(textAt(pod, 'metadata', 'creationTimestamp'));
    const known = kept.get(uid) ?? lines(pod).map((text) => ({ time: started, text }));
    kept.set(uid, known);
    return known;
  }

  return {
    write(pod, query, response) {
      containerOf(pod, query.get('container') ?? '');
      if (isTrue(query, 'previous'))
        throw badRequest(`previous terminated container in pod "${textAt(pod, 'metadata', 'name')}" not found`);
      const said = linesOf(pod);
      const hasTime = isTrue(query, 'timestamps');
      const written = ({ time, text }: Line) => `${hasTime ? `${time.toISOString()} ` : ''}${text}\n`;
      response.writeHead(200, { 'Content-Type': 'text/plain' });
      const tail = query.get('tailLines');
      const shown = (tail === null ? said : Number(tail) === 0 ? [] : said.slice(-Number(tail))).map(written).join('');
      const limit = query.get('limitBytes');
      response.write(limit === null ? shown : Buffer.from(shown).subarray(0, Number(limit)));
      if (!isTrue(query, 'follow')) return void response.end();
      const timer = setInterval(() => {
        const line = { time: now(), text: `alive ${said.length}` };
        said.push(line);
        response.write(written(line));
      }, MILLISECONDS);
      response.once('close', () => clearInterval(timer));
    },
  };
}
