// Node 18 has the Web Crypto API, but not yet as globals, where libraries look for it.
import { webcrypto } from 'node:crypto';

globalThis.crypto ??= webcrypto;
globalThis.CryptoKey ??= webcrypto.CryptoKey;
