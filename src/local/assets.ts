/** Static assets on this machine. In a deployment the platform serves them before the Worker is asked. */

export const ASSETS_BINDING = "ASSETS";

export interface AssetsBinding {
  [ASSETS_BINDING]: Fetcher;
}

/** Paths that may be assets. Others are not looked up, because that costs each of them time. */
const MAYBE_ASSET = /^\/(docs|console|openapi\.json|view\.(js|css))(\/|$)/;

/** The asset at the request's path; null if there is none. */
export async function fetchAsset(request: Request, env: AssetsBinding): Promise<Response | null> {
  if (!MAYBE_ASSET.test(new URL(request.url).pathname)) return null;
  const answer = await env[ASSETS_BINDING].fetch(request.clone() as Request);
  return answer.status === 404 ? null : answer;
}
