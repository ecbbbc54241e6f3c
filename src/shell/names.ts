import type { Reading } from './reading.ts';

/**
 * Variables that change nothing but what is shown or where a client connects. Any other name in capitals may change what a program is
 * (PATH), what it loads (LD_PRELOAD, PYTHONPATH, NODE_OPTIONS) or how the shell reads (IFS, BASH_ENV).
 */
const harmless =
  /^(LANG|LANGUAGE|LC_[A-Z]+|TZ|TERM|COLUMNS|LINES|NO_COLOR|FORCE_COLOR|DEBUG|VERBOSE|LOG_LEVEL|CI|DEBIAN_FRONTEND|PG(PASSWORD|USER|HOST|PORT|DATABASE|SSLMODE|CONNECT_TIMEOUT)|MYSQL_PWD|REDISCLI_AUTH|VAULT_ADDR|[A-Z_]*(TOKEN|SECRET|PASSWORD|API_KEY))$/;

/** A shell's own variables are in lower case by custom; these few are read by programs. */
const own = /^(?!path$|cdpath$|fpath$|manpath$|.*_proxy$)[a-z_][a-z0-9_]*$/;

/** Setting a variable is understood where its name says that it cannot change what runs. */
export function setVariable(name: string, reading: Reading) {
  if (!harmless.test(name) && !own.test(name)) {
    reading.opaque(`setting ${/^\w{1,40}$/.test(name) ? name : 'this variable'} may change what runs`);
  }
}
