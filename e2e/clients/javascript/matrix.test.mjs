// Every library of the matrix, unmodified and with its defaults, against one demo server.
//
// A library's rows are in a file of its own; the server is shared, because starting it takes longer than a row.
import './libraries/arctic.mjs';
import './libraries/auth-core.mjs';
import './libraries/badgateway-oauth2-client.mjs';
import './libraries/client-oauth2.mjs';
import './libraries/oauth4webapi.mjs';
import './libraries/oidc-client-ts.mjs';
import './libraries/openid-client.mjs';
import './libraries/passport-oauth2.mjs';
import './libraries/simple-oauth2.mjs';
