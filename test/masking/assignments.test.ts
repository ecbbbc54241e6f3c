import { expect, test } from 'vitest';
import { assignedIn } from '../../src/masking/assignments.ts';
import { isSuspicious, maskAssignments } from '../../src/masking/masking.ts';

const names = [
  ...['PASSWORD', 'db_pw', 'dbPw', 'userPin', 'user_pin', 'otp', 'apiKey', 'access_key_id', 'DSN', 'jwt', 'salt'],
  ...['gcp_json', 'service_account_json', 'googleApplicationJson', 'idRsa', 'id-ed25519', 'id_dsa', 'id_ecdsa'],
  ...['connectionString', 'conn_str', 'basicAuth', 'auth-header', 'sas_url', 'webhookUrl', 'cookie', 'bearer'],
  ...['htpasswd', 'netrc', 'npmrc', 'KUBECONFIG', 'dockerconfigjson', 'dockercfg', 'passphrase', 'pwd', 'credential'],
];

test.each(names)('what is given to %s is masked, however it is given', (name) => {
  expect(isSuspicious(name)).toBe(true);

  const masked = maskAssignments(`${name}=hunter22 --${name} hunter22 ${name}: hunter22`, '[S]');

  expect(masked).not.toContain('hunter22');
});

test.each(names)(
  'what a program prints as the value of %s is seen, though most of what it prints is not looked at',
  (name) => {
    const [span] = assignedIn(`${name}=hunter22`);

    expect(span).toMatchObject({ start: name.length + 1 });
  },
);

test('a text that gives nothing to the name of a secret stays', () => {
  const text = 'shipping=fast, colour: blue --verbose yes https://host/path';

  expect(maskAssignments(text, '[S]')).toBe(text);
});
