// OpenID providers for the tests: npm's oidc-provider, with a sign-in page that takes any account name.
// Each argument is one provider: name,client id,client secret,redirect URI. Prints one JSON line with their issuers.
import http from "node:http";
import { createRequire } from "node:module";

const require = createRequire(process.env.PEER_MODULES + "/");
const { default: Provider } = await import(require.resolve("oidc-provider"));

const escaped = (text) => text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);

async function body(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return new URLSearchParams(Buffer.concat(chunks).toString());
}

function account(name, id) {
  const known = id.replace(/^unverified-/, "");
  return {
    accountId: `${name}|${id}`,
    claims: () => ({
      sub: `${name}|${id}`,
      email: `${known}@example.org`,
      email_verified: !id.startsWith("unverified-"),
      name: `${known} of ${name}`,
      preferred_username: known,
    }),
  };
}

async function interact(provider, name, request, response) {
  const details = await provider.interactionDetails(request, response);
  if (details.prompt.name === "consent") {
    const { params, session } = details;
    const grant = new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
    grant.addOIDCScope(params.scope);
    return provider.interactionFinished(request, response, { consent: { grantId: await grant.save() } }, { mergeWithLastSubmission: true });
  }
  if (request.method !== "POST") {
    response.setHeader("content-type", "text/html");
    return response.end(
      `<!doctype html><title>${escaped(name)}</title><h1>Sign in at ${escaped(name)}</h1>` +
        `<form method="post"><label>Account <input name="account"></label><button>Go on</button>` +
        `<button name="refuse" value="1">Refuse</button></form>`,
    );
  }
  const form = await body(request);
  if (form.get("refuse")) {
    return provider.interactionFinished(request, response, { error: "access_denied", error_description: "no" });
  }
  return provider.interactionFinished(request, response, { login: { accountId: `${name}|${form.get("account")}` } });
}

async function start(name, clientId, secret, redirect) {
  let provider;
  const server = http.createServer((request, response) => {
    if (request.url.startsWith("/interaction/")) {
      interact(provider, name, request, response).catch((error) => {
        response.statusCode = 500;
        response.end(String(error));
      });
    } else {
      provider.callback()(request, response);
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const issuer = `http://127.0.0.1:${server.address().port}`;
  provider = new Provider(issuer, {
    clients: [{ client_id: clientId, client_secret: secret, redirect_uris: [redirect], response_types: ["code"], grant_types: ["authorization_code"] }],
    pkce: { required: () => true, methods: ["S256"] },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (ctx, interaction) => `/interaction/${interaction.uid}` },
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name", "preferred_username"] },
    cookies: { keys: ["test"], names: { session: `s-${name}`, interaction: `i-${name}`, resume: `r-${name}` } },
    findAccount: (ctx, id) => account(name, id.slice(name.length + 1)),
  });
  return issuer;
}

const issuers = {};
for (const given of process.argv.slice(2)) {
  const [name, clientId, secret, redirect] = given.split(",");
  issuers[name] = await start(name, clientId, secret, redirect);
}
console.log(JSON.stringify(issuers));
