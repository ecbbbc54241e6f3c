import { posix, relative, sep } from 'node:path';
import { type Plugin, rolldown } from 'rolldown';
import { placeOf } from './files.ts';

/** The program, and what it runs in a thread of its own. Each becomes a file of this name. */
const entries = { main: 'src/main.ts', 'parse-worker': 'src/targets/postgres/language/parse-worker.ts' };

/** Modules that ask where they lie, and why that is right in a bundle. Any other fails the build. */
const placed: Record<string, 'its place below the bundle' | 'a worker' | 'not reached'> = {
  'src/console/pages.ts': 'its place below the bundle',
  'src/console/player.ts': 'its place below the bundle',
  'src/evidence/bundle/prepare.ts': 'its place below the bundle',
  'src/evidence/questions.ts': 'its place below the bundle',
  'src/evidence/summary/summary.ts': 'its place below the bundle',
  'src/roles/apply.ts': 'its place below the bundle',
  'src/targets/postgres/language/parser.ts': 'a worker',
  'node_modules/libpg-query/wasm/libpg-query.js': 'its place below the bundle',
  // Definitions of services that a program names by file: the clients bring theirs as JSON.
  'node_modules/google-gax/build/src/grpc.js': 'not reached',
  // Channelz and ORCA, which nobody turns on.
  'node_modules/@grpc/grpc-js/build/src/channelz.js': 'not reached',
  'node_modules/@grpc/grpc-js/build/src/orca.js': 'not reached',
  // Loggers in threads: ours writes to standard output.
  'node_modules/pino/lib/transport.js': 'not reached',
  'node_modules/thread-stream/index.js': 'not reached',
  // Pageant, and a WebAssembly that holds its own bytes.
  'node_modules/ssh2/lib/agent.js': 'not reached',
  'node_modules/ssh2/lib/protocol/crypto/poly1305.js': 'not reached',
  // Only to name itself in stack traces.
  'node_modules/undici/index.js': 'not reached',
};

export type Bundle = { files: string[]; modules: string[] };

/**
 * Writes the program as CommonJS that needs no `node_modules`, a file for each part that is loaded on its own. Fails on a module that asks for
 * its place and is not known here, and on anything that cannot be found. Resolves with what it wrote, and the modules in it.
 */
export async function bundle(root: string, out: string): Promise<Bundle> {
  const building = await rolldown({
    cwd: root,
    input: entries,
    platform: 'node',
    // Names of modules stand in the bundle: they are the same where `node_modules` is a link.
    resolve: { symlinks: false },
    plugins: [noNativeAddons, places(root)],
    onLog(level, log) {
      if (level === 'warn') throw new Error(log.message);
    },
  });
  try {
    const { output } = await building.write({
      dir: out,
      format: 'cjs',
      entryFileNames: '[name].cjs',
      chunkFileNames: 'part-[name]-[hash].cjs',
      comments: { legal: true, annotation: false, jsdoc: false },
    });
    const chunks = output.filter((file) => file.type === 'chunk');
    return {
      files: output.map(({ fileName }) => fileName),
      modules: [...new Set(chunks.flatMap(({ moduleIds }) => moduleIds))]
        .flatMap((id) => pathOf(root, id) ?? [])
        .sort(),
    };
  } finally {
    await building.close();
  }
}

/** Optional add-ons of ssh2 and of its dependencies, which do without: they would have to be compiled. */
const noNativeAddons: Plugin = {
  name: 'no-native-addons',
  resolveId: { filter: { id: /\.node$/ }, handler: (id) => `\0${id}` },
  load: { filter: { id: /^\0.*\.node$/ }, handler: () => "throw new Error('There are no native add-ons.');" },
};

/** Lets modules find what they read beside the bundle. */
function places(root: string): Plugin {
  return {
    name: 'places',
    transform: {
      filter: { code: asksForItsPlace },
      handler(code, id) {
        const path = pathOf(root, id);
        if (path === undefined) return null;
        const fate = placed[path];
        if (fate === undefined)
          throw new Error(`${path} asks where it lies: say in image/bundle.ts what becomes of that.`);
        if (fate === 'not reached') return null;
        if (fate === 'a worker') return code.replace("'./parse-worker.ts'", "'./parse-worker.cjs'");
        return path.startsWith('src/') ? moved(code, path) : code.replaceAll('__dirname', placeBelow(path));
      },
    },
  };
}

const asksForItsPlace = /\b__dirname\b|\b__filename\b|\bimport\.meta\b|\bcreateRequire\b|\brequire\.resolve\b/;

/** All parts lie in one folder, so that `import.meta.url`, which becomes a part's own, leads to what lies below it. */
const moved = (code: string, path: string) =>
  code
    .replaceAll('import.meta.url', `new URL('./${path}', import.meta.url)`)
    .replaceAll(/\bimport\.meta\.resolve\(([^)]*)\)/g, "new URL('./vendor/' + $1, import.meta.url)");

const placeBelow = (path: string) => `(__dirname + ${JSON.stringify(`/${posix.dirname(placeOf(path))}`)})`;

/** Below the repository. Undefined for what a plug-in made up. */
function pathOf(root: string, id: string): string | undefined {
  return id.startsWith(root + sep) ? relative(root, id).split(sep).join('/') : undefined;
}
