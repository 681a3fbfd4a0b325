export const load = async ({ locals }) => ({ user: locals.user });

export const actions = {
  signIn: async ({ locals, url }) => {
    await locals.logtoClient.signIn(`${url.origin}/callback`);
  },
  signOut: async ({ locals, url }) => {
    await locals.logtoClient.signOut(`${url.origin}/`);
  },
};
