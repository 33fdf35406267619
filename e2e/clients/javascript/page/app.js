// The application in the page. Its settings come in the address, and the browser's session storage keeps them.
/* global oidc */
const settings = JSON.parse(new URLSearchParams(location.search).get('settings') ?? sessionStorage.getItem('settings'));
sessionStorage.setItem('settings', JSON.stringify(settings));

const manager = new oidc.UserManager(settings);

/** What a library call gives, or the parts of the error it throws; errors don't travel out of a page as they are. */
async function outcome(call) {
  try {
    return { value: await call() };
  } catch (error) {
    return { name: error.name, error: error.error, description: error.error_description, message: error.message };
  }
}

window.application = {
  comesBack: () => outcome(async () => tokens(await manager.signinRedirectCallback())),
  refreshes: () => outcome(async () => tokens(await manager.signinSilent())),
  revokes: () => outcome(() => manager.revokeTokens()),
  leaves: () => manager.signinRedirect(),
  reads: (url, accessToken) => outcome(async () => {
    const response = await fetch(url, { headers: { authorization: `Bearer ${accessToken}` } });
    return { status: response.status, body: await response.json() };
  }),
};

function tokens(user) {
  return {
    accessToken: user.access_token,
    refreshToken: user.refresh_token,
    scope: user.scope,
    expired: user.expired,
  };
}
