/** An ID token of whoever runs this program, for an audience. */
export type FetchIdToken = (audience: string) => Promise<string>;

/**
 * From the application default credentials (`gcloud auth application-default login`, a service account's file, workload identity
 * federation) or the metadata server. Throws where there are none.
 */
export const fetchGoogleIdToken: FetchIdToken = async (audience) => {
  const { GoogleAuth } = await import('google-auth-library');
  const client = await new GoogleAuth().getIdTokenClient(audience);
  return client.idTokenProvider.fetchIdToken(audience);
};
