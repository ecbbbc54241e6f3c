/** What names, types and comments alone say of a column: the words people use for personal data and secrets. */

/** What a column can hold, as far as guessing goes. */
export type Kind = 'text' | 'enum' | 'json' | 'number' | 'date' | 'network' | 'bytes' | 'other';

export type Guess = { className: string; confidence: 'high' | 'medium' | 'low' };

/** A column as it is named. */
export type Named = { table: string; column: string; kind: Kind };

type Rule = {
  className: string;
  /** Of the words of the name, joined by `_`, in lower case. */
  words: RegExp;
  kinds: readonly Kind[];
  confidence?: Guess['confidence'];
  /** Only in tables of people. */
  people?: true;
};

const person =
  'user|customer|client|person|people|employee|staff|contact|patient|member|subscriber|applicant|candidate|student|teacher|guest|driver|passenger|lead|profile|beneficiary|recipient|sender|owner|author|cardholder|holder|payee|payer|signatory|nominee|parent|guardian|tenant|buyer|seller|visitor|doctor|nurse|manager|agent|billing|shipping|emergency_contact|account_holder|next_of_kin|spouse|partner|husband|wife|mother|father|child|relative|witness|physician|attendee|trustee|insured|caller|consignee|addressee';
const peopleTable = new RegExp(`(?:^|_)(?:${person}|account|login|identity)s?$`);

/** What may follow the words without making another thing of them: `email_address`, `phone_2`, `ssn_encrypted`; not `email_sent_at`. */
const tail =
  '(?:_(?:address|addr|number|no|num|nr|value|text|raw|plain|primary|secondary|home|work|office|mobile|private|personal|old|new|current|previous|lower|normali[sz]ed|enc|encrypted|cipher|hash|hashed|digest|sha\\d*|md5|bcrypt|salt|masked|\\d))*';
const named = (words: string) => new RegExp(`(?:^|_)(?:${words})${tail}$`);

const text: readonly Kind[] = ['text', 'json'];
const digits: readonly Kind[] = ['text', 'number'];
const secret: readonly Kind[] = ['text', 'json', 'bytes'];

const rules: readonly Rule[] = [
  { className: 'MAC_ADDRESS', words: named('mac_addr(?:ess)?|mac'), kinds: text },
  {
    className: 'IP_ADDRESS',
    words: named('ip|ipv4|ipv6|ip_addr(?:ess)?|ipaddress|remote_addr|client_addr|x_forwarded_for'),
    kinds: ['text', 'network'],
  },
  { className: 'EMAIL_ADDRESS', words: named('e_?mails?|mail'), kinds: text },
  {
    className: 'PHONE_NUMBER',
    words: named('(?:tele|cell)?phones?|mobile|cell|tel|fax|msisdn|whatsapp'),
    kinds: digits,
  },
  {
    className: 'US_SOCIAL_SECURITY_NUMBER',
    words: named('(?:ssn|social_security)(?:_last_?4|_last_four)?'),
    kinds: digits,
  },
  { className: 'PASSPORT', words: named('passport(?:_id)?'), kinds: digits },
  { className: 'DRIVERS_LICENSE_NUMBER', words: named('(?:drivers?|driving)_licen[cs]e(?:_id)?'), kinds: digits },
  {
    className: 'GOVERNMENT_ID',
    words: named(
      'national_(?:id|identity|insurance)|nhs|(?:social_|health_)?insurance_(?:number|no|id)|nino|tax_(?:id|payer_id|file)|taxpayer_id|tin|personal_code|citizen_id|aadhaar|cpf|dni|personnummer',
    ),
    kinds: digits,
  },
  {
    className: 'CREDIT_CARD_NUMBER',
    words: named('(?:credit|debit|payment)_card|card(?:_number|_no|_num|_pan)|cc_(?:number|num|no)|pan'),
    kinds: digits,
  },
  { className: 'CREDIT_CARD_NUMBER', words: named('card'), kinds: ['text'], confidence: 'low' },
  { className: 'CVV_NUMBER', words: named('cvv2?|cvc2?|card_security_code'), kinds: digits },
  { className: 'IBAN_CODE', words: named('iban'), kinds: ['text'] },
  {
    className: 'FINANCIAL_ACCOUNT_NUMBER',
    words: named('bank_account|(?:bank_)?acc(?:oun)?t_(?:number|no|num)'),
    kinds: digits,
    confidence: 'medium',
  },
  {
    className: 'DATE_OF_BIRTH',
    words: named('dob|birth_?da(?:te|y)|date_of_birth|born(?:_on|_at)?|(?:birth_year|year_of_birth)'),
    kinds: ['date', 'text', 'number'],
  },
  {
    className: 'STREET_ADDRESS',
    words:
      /(?<!(?:^|_)(?:ip|mac|e|mail|email|web|wallet|memory|host|server|network|contract|btc|eth|bitcoin|remote|client|url|site))(?:^|_)(?:street|address|addr|(?:address|addr)_?line|house_(?:number|no))(?:_?(?:name|line|text|full|raw|home|work|billing|shipping|\d))*$/,
    kinds: text,
  },
  {
    className: 'STREET_ADDRESS',
    words: named('zip|zip_?code|postal_?code|post_?code'),
    kinds: digits,
    confidence: 'low',
    people: true,
  },
  {
    className: 'ENCRYPTION_KEY',
    words: named('(?:private|encryption|signing|ssh|pgp|gpg|hmac|master)_key|pem'),
    kinds: secret,
  },
  {
    className: 'CREDENTIAL',
    words: named(
      'password|passwd|pass_?hash|passphrase|passcode|pwd|pw|pin|pin_code|secret|security_answer|(?:recovery|backup)_codes?|credentials?|salt',
    ),
    kinds: secret,
  },
  {
    className: 'AUTH_TOKEN',
    words: named('token|bearer|api_?key|access_key|secret_key|auth_key|session_key|cookie|csrf|xsrf|otp(?:_code)?|jwt'),
    kinds: secret,
  },
  {
    className: 'PERSON_NAME',
    words: named(
      `(?:first|last|full|middle|given|family|maiden|sur|fore|nick|legal|preferred|patient|holder)_?names?|surname|[fl]name|(?:${person})_names?|card_?holder|account_holder|contact_person|next_of_kin|consignee|addressee|spouse|payee|beneficiary|attendee|signatory`,
    ),
    kinds: text,
  },
  { className: 'PERSON_NAME', words: /^holder$/, kinds: ['text'], confidence: 'medium' },
  { className: 'PERSON_NAME', words: /^(?:name|display_name)$/, kinds: ['text'], confidence: 'medium', people: true },
  {
    className: 'USERNAME',
    words: named('user_?name|login_?name|screen_name|(?:twitter|social|github)_handle'),
    kinds: ['text'],
    confidence: 'medium',
  },
  { className: 'GENDER', words: named('gender|sex'), kinds: ['text'] },
  { className: 'ETHNIC_GROUP', words: named('ethnicity|ethnic_group|race'), kinds: ['text'], confidence: 'medium' },
  { className: 'RELIGIOUS_TERM', words: named('religion'), kinds: ['text'] },
  { className: 'MARITAL_STATUS', words: named('marital_status'), kinds: ['text'] },
  { className: 'MEDICAL_RECORD_NUMBER', words: named('mrn|medical_record'), kinds: digits },
  {
    className: 'MEDICAL_TERM',
    words: named('diagnos[ei]s|medications?|allerg(?:y|ies)|blood_(?:type|group)|disabilit(?:y|ies)'),
    kinds: text,
  },
  { className: 'VEHICLE_IDENTIFICATION_NUMBER', words: named('vin'), kinds: ['text'] },
  { className: 'IMEI_HARDWARE_ID', words: named('imei'), kinds: digits },
  { className: 'ADVERTISING_ID', words: named('idfa|gaid|advertising_id'), kinds: ['text', 'other'] },
];

/** The class that a column's name speaks of, where its type could hold it. */
export function guessByName({ table, column, kind }: Named): Guess | undefined {
  const words = wordsOf(column);
  const ofPeople = peopleTable.test(wordsOf(table));
  const rule = rules.find(
    (candidate) =>
      candidate.kinds.includes(kind === 'enum' ? 'text' : kind) &&
      (candidate.people !== true || ofPeople) &&
      candidate.words.test(words),
  );
  return rule && { className: rule.className, confidence: rule.confidence ?? 'high' };
}

/** Phrases in which people describe such a column; a negation before one takes it back. */
const phrases: readonly [className: string, phrase: RegExp, kinds: readonly Kind[]][] = [
  ['EMAIL_ADDRESS', /\be-?mail(?:s? of|[ -]address)/, text],
  ['PHONE_NUMBER', /\b(?:phone|mobile|telephone|cell|contact) number/, digits],
  ['US_SOCIAL_SECURITY_NUMBER', /\bsocial security/, digits],
  ['DATE_OF_BIRTH', /\bdate of birth|\bbirth ?da(?:te|y)/, ['date', 'text']],
  ['STREET_ADDRESS', /\b(?:home|postal|street|mailing|billing|shipping|delivery|residential) address/, text],
  ['CREDIT_CARD_NUMBER', /\bcard number/, digits],
  ['IBAN_CODE', /\biban\b|\bbank account number/, ['text']],
  ['IP_ADDRESS', /\bip[ -]address/, ['text', 'network']],
  ['GOVERNMENT_ID', /\b(?:national|tax|identity card) (?:id|number)\b|\bpassport number/, digits],
  ['CREDENTIAL', /\bpassword|\bsecret\b/, secret],
  ['AUTH_TOKEN', /\b(?:access|refresh|api|session|bearer) (?:token|key)/, secret],
  [
    'PERSON_NAME',
    /\b(?:full|first|last|given|family) name|\bname of (?:the |a )?(?:customer|person|employee|patient|user|client|contact)/,
    text,
  ],
  ['PERSONAL_DATA', /\bpii\b|\bpersonal(?:ly identifiable)? (?:data|information)/, ['text', 'json', 'number', 'date']],
];

/** The class that a column's comment speaks of. */
export function guessByComment(comment: string, kind: Kind): string | undefined {
  const said = comment.toLowerCase();
  const spoken = phrases.find(([, phrase, kinds]) => {
    const at = said.search(phrase);
    return (
      kinds.includes(kind) && at !== -1 && !/\b(?:no|not|never|without|non|instead of)\b[^.]*$/.test(said.slice(0, at))
    );
  });
  return spoken?.[0];
}

/** `emailAddress`, `Email-Address` → `email_address`. */
function wordsOf(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1_$2')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_|_$/g, '');
}
