/** What detectors can tell from a text alone. Names are infoTypes of Google's Sensitive Data Protection. */
export const detectedClasses = [
  'EMAIL_ADDRESS',
  'CREDIT_CARD_NUMBER',
  'IBAN_CODE',
  'US_SOCIAL_SECURITY_NUMBER',
  'PHONE_NUMBER',
  'IP_ADDRESS',
  'JSON_WEB_TOKEN',
  'ENCRYPTION_KEY',
  'GCP_API_KEY',
  'GCP_CREDENTIALS',
  'AWS_CREDENTIALS',
  'AUTH_TOKEN',
] as const;
export type DetectedClass = (typeof detectedClasses)[number];

/** A part of a text, end excluded, that a detector recognised. */
export type Span = { class: DetectedClass; start: number; end: number };
