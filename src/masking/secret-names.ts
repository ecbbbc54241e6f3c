/** As part of any word: `PGPASSWORD`, `dbpasswd`, `accesstoken`. */
const anywhere =
  'password|passwd|passphrase|passcode|secret|token|credential|apikey|privatekey|secretkey|accesskey|htpasswd|pgpass|netrc|npmrc|kubeconfig|dockerconfigjson|dockercfg';
const alone =
  'pass|pwd|pw|pin|otp|key|cred|dsn|jwt|bearer|cookie|salt|authorization|connection_?string|conn_?str|auth_header|basic_?auth|id_(?:rsa|dsa|ecdsa|ed25519)|access_key_id|(?:service_account|gcp|google_application)_?(?:key|json)?_?json|sas_?url|webhook_url';
/** What may follow and not make another thing of it: `token_2`, `password.txt`; but not `password_file` and `secret_name`. */
const tail =
  '(?:_(?:value|text|plain|raw|data|string|content|base64|b64|enc|encrypted|hash|hashed|sha\\d*|md5|bcrypt|old|new|current|previous|prev|next|primary|secondary|main|default|backup|prod|production|dev|test|staging|live|txt|json|ya?ml|conf|env|pem|der|key|p12|pfx|jks|\\d+|[a-z]))*';

const suspicious = new RegExp(`(?:(?:${anywhere})s?|(?:^|_)(?:${alone})s?)\\d*${tail}$`);
/** Counts and settings of tokens and keys, and what Kubernetes itself calls so. */
const harmless =
  /^(?:max|min|num|count|total|n)_|^(?:public|ssh_authorized|foreign|primary|partition|sort|cache|topology|label|taint)_key|^ca_key_(?:algorithm|size)$|^automount/;

/** A name as words of lower case between underscores. */
function wordsOf(name: string): string {
  return name
    .replace(/([a-z\d])([A-Z])/g, '$1_$2')
    .replace(/[^A-Za-z\d]+/g, '_')
    .replace(/^_|_$/g, '')
    .toLowerCase();
}

/** What longer names end with. */
const mostLetters = 200;
const mostKnown = 5000;
const known = new Map<string, boolean>();

/** Whether what stands under such a name is likely a secret: by the words people use, in any spelling. */
export const isSuspicious = (name: string): boolean => {
  const before = known.get(name);
  if (before !== undefined) return before;
  const words = wordsOf(name.slice(-mostLetters));
  const is = suspicious.test(words) && !harmless.test(words);
  if (known.size >= mostKnown) known.clear();
  if (name.length <= mostLetters) known.set(name, is);
  return is;
};
