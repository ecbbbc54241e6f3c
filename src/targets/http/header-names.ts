/**
 * Headers that are never passed on, in either direction, whatever the settings say: of the connection itself (RFC 9110, 7.6.1), of how a
 * body is framed and encoded, of who calls and where from, of cookies, and what another reader could take for another path or host.
 */
const own: ReadonlySet<string> = new Set([
  'accept',
  'accept-encoding',
  'alt-svc',
  'authentication-info',
  'authorization',
  'clear-site-data',
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'cookie',
  'expect',
  'forwarded',
  'host',
  'keep-alive',
  'location',
  'refresh',
  'server',
  'set-cookie',
  'set-cookie2',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'user-agent',
  'via',
  'www-authenticate',
  'x-original-host',
  'x-original-url',
  'x-real-ip',
  'x-rewrite-url',
]);

const ownFamilies =
  /^(x-forwarded|proxy-|sec-|sallyport-|x-sallyport|x-goog-iap|x-serverless-|access-control-|x-envoy-)/;

/** Whether a header, by its lower-case name, is one that settings cannot let through. */
export const isOwn = (name: string) => own.has(name) || ownFamilies.test(name) || overrides.has(name);

/** Headers by which some servers take a request for one of another method. */
const overrides: ReadonlySet<string> = new Set([
  'x-http-method',
  'x-http-method-override',
  'x-method',
  'x-method-override',
  'x-requested-method',
]);

export const isMethodOverride = (name: string) => overrides.has(name.replaceAll('_', '-'));
