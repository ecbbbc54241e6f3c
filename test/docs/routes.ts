import { createApi } from '../../src/api/api.ts';
import { createKeeperApi } from '../../src/api/keeper.ts';
import { aConsole } from '../console/fixture.ts';
import { at, type Check } from './fault.ts';
import type { Repository } from './repository.ts';

export type Route = { method: string; path: string };

const never = () => {
  throw new Error('Nobody is served here.');
};

/** What each role answers to, asked of the roles themselves. */
export function routesOf({ read }: Repository): Route[] {
  const gateway = createApi({
    gateway: never,
    lookups: never,
    consoleUrl: '',
    tunnelKey: '',
    ready: never,
    onFault: never,
  } as never);
  const keeper = createKeeperApi({
    authenticate: never,
    scheduler: '',
    tasks: {},
    ready: never,
    onFault: never,
  } as never);
  const [, tasks = ''] = /const tasks = \{(.*)\};/.exec(read('src/roles/keeper.ts')) ?? [];
  return [
    ...gateway.routes,
    ...aConsole().app.routes,
    ...keeper.routes.filter(({ path }) => path !== '/tasks/:task'),
    ...[...tasks.matchAll(/(\w+)(?=[,: ])/g)].map(([task]) => ({ method: 'POST', path: `/tasks/${task}` })),
    // An upgrade is no route.
    { method: 'GET', path: '/v1/connections/:connection/tunnel' },
  ].filter(({ path }) => path !== '/*' && path !== '/v1/*' && path !== '/api/*');
}

/** A place of ours in an address: anything at a host that stands for a role; else what begins as our places do. */
const HOST = String.raw`https?:\/\/(?<role>gateway|console|GATEWAY|CONSOLE|sallyport-(?:gateway|console|keeper))[^\s/"'\`]*`;
const PLACE = new RegExp(
  String.raw`(?:\b(?<method>GET|POST|PUT|DELETE|PATCH|ANY) )?(?:${HOST}|https?:\/\/127\.0\.0\.1:\d+|\$\{?\w+\}?|(?<![\w.)…~*}>:/-]))(?<path>\/[^\s"'\`|,;)]+)`,
  'g',
);
const ours = /^\/(v1|api|tasks|k8s|http|bigquery)\//;

/** Every call that a document names is one that a role answers to, by its method where one is named. */
export function routesExist(routes: readonly Route[]): Check {
  return (document) => {
    const services = document.blocks
      .filter(({ lang }) => lang === 'yaml')
      .map(({ code }) => code)
      .join('\n');
    const texts = [
      { text: document.prose, line: 1 },
      ...document.blocks.filter(({ lang }) => lang !== 'yaml').map(({ code, line }) => ({ text: code, line })),
    ];
    return texts.flatMap(({ text, line }) =>
      [...text.matchAll(PLACE)].flatMap(({ index, groups = {} }) => {
        const { method, role } = groups;
        const path = (groups['path'] ?? '').replace(/[?#].*$/, '').replace(/[.:]$/, '');
        if (
          (role === undefined && !ours.test(path)) ||
          services.includes(`${path}:`) ||
          services.includes(`path: ${path}`) ||
          services.includes(`path: "${path}`)
        )
          return [];
        const found = routes.some((route) => fits(route, method, path));
        return found
          ? []
          : [
              at(
                document,
                line + text.slice(0, index).split('\n').length - 1,
                `nobody answers to ${method ?? ''} ${path}`.replace('  ', ' '),
              ),
            ];
      }),
    );
  };
}

const isOpen = (segment: string) => /^(\{.*\}|<.*>|…|\$.*|\*)$/.test(segment);

function fits({ method, path }: Route, asked: string | undefined, named: string): boolean {
  if (asked !== undefined && asked !== 'ANY' && method !== 'ALL' && method !== asked) return false;
  const [route, words] = [path.split('/'), named.split('/').filter((word, index) => index === 0 || word !== '')];
  if (words.at(-1) === '…' && words.length - 1 <= route.length)
    return words.slice(0, -1).every((word, index) => same(route[index] ?? '', word));
  const rest = route.at(-1) === '*';
  if (rest ? words.length < route.length - 1 : words.length !== route.length) return false;
  return route.every((segment, index) => (rest && index === route.length - 1) || same(segment, words[index] ?? ''));
}

const same = (segment: string, word: string) =>
  segment === word || (segment.startsWith(':') && word !== '') || (isOpen(word) && segment !== '');
