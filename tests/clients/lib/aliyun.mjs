// A fake of Aliyun's SendSms that checks what Aliyun checks: signature, time stamp, nonce, sign name, template, phone,
// parameters, balance and rate. Answers are Aliyun's own shapes and codes.
import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';

export const KEY = { id: 'LTAI5tExampleKeyId', secret: 'ExampleAccessKeySecret', signName: '示例签名' };
export const TEMPLATES = ['SMS_100001', 'SMS_100002', 'SMS_100003', 'SMS_100004'];

const encode = (text) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

function signature(form) {
  const pairs = [...form].filter(([name]) => name !== 'Signature').map(([name, value]) => `${encode(name)}=${encode(value)}`);
  const text = `POST&%2F&${encode(pairs.sort().join('&'))}`;
  return createHmac('sha1', `${KEY.secret}&`).update(text).digest('base64');
}

export class Aliyun {
  messages = [];
  mode = 'ok';
  #nonces = new Set();
  #waiting = [];
  #server = createServer((request, response) => this.#answer(request, response));

  async start() {
    await new Promise((done) => this.#server.listen(0, '127.0.0.1', done));
    this.port = this.#server.address().port;
    return this;
  }

  stop() {
    this.#server.closeAllConnections();
    return new Promise((done) => this.#server.close(done));
  }

  // Waits until more than `count` messages were accepted.
  async moreThan(count) {
    while (this.messages.length <= count) await new Promise((done) => this.#waiting.push(done));
  }

  // The newest message to a number.
  to(phone) {
    return this.messages.filter((message) => message.phone === phone).at(-1);
  }

  async #answer(request, response) {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const send = (status, body, headers = {}) => {
      response.writeHead(status, { 'content-type': 'application/json;charset=utf-8', ...headers });
      response.end(typeof body === 'string' ? body : JSON.stringify({ RequestId: 'F655A8D5-B967-440B-8683-DAD6FF8DE990', ...body }));
    };
    switch (this.mode) {
      case 'reset': return request.socket.destroy();
      case 'hang': return undefined;
      case 'redirect': return send(302, '', { location: 'http://127.0.0.1:1/' });
      case 'garbage': return send(200, '<html>not what you asked for</html>');
      case 'error': return send(500, { Code: 'InternalError', Message: 'The request processing has failed.' });
      case 'huge': return send(200, 'x'.repeat(64 * 1024 * 1024));
      case 'balance': return send(200, { Code: 'isv.AMOUNT_NOT_ENOUGH', Message: '账户余额不足' });
      case 'rate': return send(200, { Code: 'isv.BUSINESS_LIMIT_CONTROL', Message: '触发分钟级流控Permits:1' });
      default:
    }
    const form = new URLSearchParams(Buffer.concat(chunks).toString());
    const problem = this.#check(request, form);
    if (problem) return send(problem.status ?? 200, { Code: problem.code, Message: problem.message ?? problem.code });
    const code = JSON.parse(form.get('TemplateParam')).code;
    this.messages.push({ phone: form.get('PhoneNumbers'), template: form.get('TemplateCode'), code });
    this.#waiting.splice(0).forEach((wake) => wake());
    return send(200, { Code: 'OK', Message: 'OK', BizId: `${this.messages.length}^0` });
  }

  #check(request, form) {
    if (request.method !== 'POST' || request.url !== '/') return { status: 400, code: 'InvalidAction.NotFound' };
    const wanted = { Action: 'SendSms', Version: '2017-05-25', SignatureMethod: 'HMAC-SHA1', SignatureVersion: '1.0' };
    for (const [name, value] of Object.entries(wanted)) {
      if (form.get(name) !== value) return { status: 400, code: `Invalid${name}` };
    }
    if (form.get('AccessKeyId') !== KEY.id) return { status: 404, code: 'InvalidAccessKeyId.NotFound', message: 'Specified access key is not found.' };
    if (form.get('Signature') !== signature(form)) return { status: 400, code: 'SignatureDoesNotMatch' };
    const stamp = form.get('Timestamp');
    if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(stamp)) return { status: 400, code: 'InvalidTimeStamp.Format' };
    if (Math.abs(Date.now() - Date.parse(stamp)) > 15 * 60_000) return { status: 400, code: 'InvalidTimeStamp.Expired' };
    const nonce = form.get('SignatureNonce');
    if (!nonce || this.#nonces.has(nonce)) return { status: 400, code: 'SignatureNonceUsed' };
    this.#nonces.add(nonce);
    if (form.get('SignName') !== KEY.signName) return { code: 'isv.SMS_SIGNATURE_ILLEGAL', message: '短信签名不合法' };
    if (!TEMPLATES.includes(form.get('TemplateCode'))) return { code: 'isv.SMS_TEMPLATE_ILLEGAL', message: '短信模版不合法' };
    if (!/^((86)?1\d{10}|(?!86)[1-9]\d{7,14})$/.test(form.get('PhoneNumbers'))) return { code: 'isv.MOBILE_NUMBER_ILLEGAL', message: '非法手机号' };
    let parameters;
    try {
      parameters = JSON.parse(form.get('TemplateParam'));
    } catch {
      return { code: 'isv.INVALID_JSON_PARAM' };
    }
    const names = Object.keys(parameters);
    if (names.length !== 1 || !/^[0-9A-Za-z]{4,8}$/.test(parameters.code)) return { code: 'isv.TEMPLATE_PARAMS_ILLEGAL' };
    return null;
  }
}
