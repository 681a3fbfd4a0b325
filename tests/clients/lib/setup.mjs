// A server with Aliyun set up and sign-up by phone.
import { Aliyun, KEY, TEMPLATES } from './aliyun.mjs';
import { startKeyway } from './processes.mjs';

export const CONFIG = {
  accessKeyId: KEY.id,
  accessKeySecret: KEY.secret,
  signName: KEY.signName,
  templates: ['SignIn', 'Register', 'ForgotPassword', 'Generic'].map((usageType, index) => ({ usageType, templateCode: TEMPLATES[index] })),
};

// Settings without limits on messages, for tests that send many to one number.
export const UNLIMITED = new URL('../keyway.toml', import.meta.url).pathname;

export async function startWithAliyun(env = {}) {
  const aliyun = await new Aliyun().start();
  const rewrite = `https://dysmsapi.aliyuncs.com=http://127.0.0.1:${aliyun.port}`;
  const keyway = await startKeyway({ KEYWAY_EGRESS_REWRITE: rewrite, ...env });
  const connector = await keyway.api('POST', '/connectors', { connectorId: 'aliyun-short-message-service', config: CONFIG });
  const settings = await keyway.api('PATCH', '/sign-in-exp', {
    signUp: { identifiers: ['phone'], password: false, verify: true },
    signIn: { methods: [{ identifier: 'phone', password: true, verificationCode: true, isPasswordPrimary: false }] },
  });
  if (connector.status !== 200 || settings.status !== 200) throw new Error(JSON.stringify([connector.body, settings.body]));
  const stop = async () => {
    await keyway.stop();
    await aliyun.stop();
  };
  return { aliyun, keyway, stop };
}
