import { sealFound, sealJson } from '../../masking/masking.ts';
import { sha256 } from '../../model/canonical.ts';
import type { HttpRequest } from '../../model/http-request.ts';
import type { Seal } from '../../model/seal.ts';
import type { Classified } from './classification.ts';
import { type Pair, writePath, writeQuery } from './path.ts';
import type { JudgedBody } from './request-body.ts';
import type { Pairs } from './request-headers.ts';
import type { Found } from './routes.ts';
import type { Settings } from './settings.ts';
import { assembled } from './statement.ts';

type Parts = {
  request: Pick<HttpRequest, 'method'>;
  headers: Pairs;
  body: JudgedBody;
  query: readonly Pair[];
  found: Found;
  settings: Pick<Settings, 'base_path'>;
};

/**
 * The statement as the trail may hold it: what the classification speaks of and what detectors recognise is sealed; in the path and the
 * query, what has the name of something classified. Of a body that is no text there is its digest alone.
 */
export function recordedAs(parts: Parts, known: Classified, seal: Seal): string {
  const { request, headers, body, query, found, settings } = parts;
  const classes = new Map([...known.paths].map(([path, className]) => [lastName(path), className]));
  const sealed = (name: string, value: string, written: string) => {
    const className = classes.get(name);
    if (className !== undefined) return seal(className, value);
    return sealFound(value, seal) === value ? written : sealFound(value, seal);
  };
  const base = settings.base_path === undefined ? '' : writePath(settings.base_path);
  const path = found.route.template.map((segment) => {
    if (segment.kind === 'literal') return writePath([segment.text]).slice(1);
    const value = found.values.get(segment.name) ?? '';
    const written = writePath(value.split('/')).slice(1);
    return sealed(segment.name, value, written) + (segment.kind === 'one' ? writePath([segment.suffix]).slice(1) : '');
  });
  const pairs = query.map(([name, value]) => {
    const written = writeQuery([[name, value]]).slice(1);
    if (value === undefined) return sealed('', name, written);
    const kept = sealed(name, value, written);
    return kept === written ? kept : `${name}=${kept}`;
  });
  return assembled({
    first: `${request.method} ${base}/${path.join('/')}${pairs.length > 0 ? '?' : ''}${pairs.join('&')}`,
    headers: headers.map(([name, value]) => [name, sealFound(value, seal)]),
    body: recordedBody(body, known, seal),
    isEncoded: false,
  });
}

/** `email` of `customers[*].email`. */
const lastName = (path: string) => /([^.[\]"*]+)(?:"?\])?$/.exec(path)?.[1] ?? path;

function recordedBody(body: JudgedBody, { paths }: Classified, seal: Seal): string {
  switch (body.kind) {
    case 'none':
      return '';
    case 'json':
      return sealJson(body.bytes, paths, seal);
    case 'text':
      return sealFound(body.text, seal);
    case 'bytes':
      return `sha256:${sha256(body.bytes)} (${body.bytes.byteLength} bytes)`;
  }
}
