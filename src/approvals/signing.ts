import { type ApprovalDecision, type SignedDecision, signedDecisionSchema } from '../model/approval.ts';
import { canonicalJson } from '../model/canonical.ts';

/** Signs with a key that only the console may use: in production a version of a KMS key (EC P-256, SHA-256). */
export type Signer = {
  /** The full name of the key version. */
  keyVersion: string;
  /** The signature as DER in base64 (RFC 3279 §2.2.3) over the SHA-256 of the text's UTF-8. */
  sign(text: string): Promise<string>;
};

/** False for whatever was not signed by the console's key. Throws only when the key cannot be had. */
export type Verifier = { verify(text: string, signature: string, keyVersion: string): Promise<boolean> };

/** A human's decision, sealed so that nobody without the console's key can have written it. */
export async function signDecision(signer: Signer, decision: SignedDecision): Promise<ApprovalDecision> {
  return { ...decision, signature: await signer.sign(canonicalJson(decision)), key: signer.keyVersion };
}

/** Whether the console signed exactly this decision. */
export function isSigned(verifier: Verifier, decision: ApprovalDecision): Promise<boolean> {
  const { signature, key, ...signed } = decision;
  return verifier.verify(canonicalJson(signedDecisionSchema.parse(signed)), signature, key);
}
