/**
 * How the process of a role is started, in the image, by `npm start`, on the local stand and where it is measured: `Dockerfile` and
 * `package.json` say the same. The compile cache of the image holds for these options alone.
 */

/**
 * - `--disable-proto=delete`: nobody reaches a prototype through `__proto__`.
 * - `--max-semi-space-size` (MiB): V8's young generation would grow to 128 MiB on a large machine, most of it garbage.
 *
 * Most other options of V8 cost a start of their own: Node's built-in code was compiled without them, and is compiled anew.
 */
export const processOptions = ['--disable-proto=delete', '--max-semi-space-size=16'];

/** Bytes, for glibc: memory that is free at the end of its heap goes back at once. By itself it keeps up to 64 MiB after a peak, in each of its heaps. */
export const processEnvironment = { MALLOC_TRIM_THRESHOLD_: '131072' };
