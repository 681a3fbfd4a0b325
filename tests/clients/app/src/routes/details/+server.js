import { json } from '@sveltejs/kit';
import { env } from '$env/dynamic/private';

export const GET = async ({ locals }) => {
  const client = locals.logtoClient;
  return json({
    userInfo: await client.fetchUserInfo(),
    accessToken: await client.getAccessToken(),
    resourceToken: env.LOGTO_RESOURCE ? await client.getAccessToken(env.LOGTO_RESOURCE) : null,
    idTokenClaims: await client.getIdTokenClaims(),
  });
};
