// Names below `localhost` are this machine (RFC 6761, 6.3). Browsers know it; Node.js asks the system, which may not.
const dns = require('node:dns');
const { lookup } = dns;
dns.lookup = (name, ...rest) => lookup(name.endsWith('.localhost') ? 'localhost' : name, ...rest);
