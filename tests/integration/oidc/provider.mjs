// A real OpenID provider on the loopback, with what ProConnect does: signed userinfo, amr through `claims`, PKCE,
// state and nonce of at least 32 characters, and no parameter that it does not know.
//
// node provider.mjs '{"port": …, "publicUrl": "http://localhost:…", "algorithm": "RS256", "signedUserinfo": true}'
// Anybody signs in by typing a name; keys are made at start, so that starting again changes them.

import { generateKeyPairSync } from "node:crypto";
import { createServer } from "node:http";

import Provider from "oidc-provider";

const options = JSON.parse(process.argv[2]);
const issuer = `http://localhost:${options.port}`;
const known = ["response_type", "client_id", "redirect_uri", "scope", "state", "nonce", "code_challenge",
  "code_challenge_method", "claims", "prompt", "acr_values"];

function signingKey() {
  const { privateKey } = options.algorithm === "ES256"
    ? generateKeyPairSync("ec", { namedCurve: "P-256" })
    : generateKeyPairSync("rsa", { modulusLength: 2048 });
  return { ...privateKey.export({ format: "jwk" }), use: "sig" };
}

const provider = new Provider(issuer, {
  jwks: { keys: [signingKey()] },
  cookies: { keys: ["only for tests"] },
  clients: [{
    client_id: "guichet",
    client_secret: options.secret,
    redirect_uris: [`${options.publicUrl}/api/accounts/oidc/callback`],
    post_logout_redirect_uris: [`${options.publicUrl}/console`],
    token_endpoint_auth_method: options.clientAuth,
    id_token_signed_response_alg: options.algorithm,
    ...(options.signedUserinfo ? { userinfo_signed_response_alg: options.algorithm } : {}),
  }],
  claims: {
    openid: ["sub"],
    acr: null,
    amr: null,
    profile: ["given_name", "usual_name", "groups"],
    email: ["email", "email_verified"],
  },
  acrValues: ["eidas1", "eidas2"],
  features: {
    devInteractions: { enabled: false },
    claimsParameter: { enabled: true },
    jwtUserinfo: { enabled: true },
    rpInitiatedLogout: { enabled: true },
  },
  enabledJWA: {
    idTokenSigningAlgValues: ["RS256", "ES256", "HS256", "PS256"],
    userinfoSigningAlgValues: ["RS256", "ES256", "HS256", "PS256"],
  },
  pkce: { required: () => true },
  interactions: { url: (_ctx, interaction) => `/sign-in/${interaction.uid}` },
  findAccount: (_ctx, id) => ({
    accountId: id,
    claims: () => ({
      sub: id,
      email: `${id.toUpperCase()}@mairie.example`,
      email_verified: id !== "unverified",
      given_name: "Marie",
      usual_name: id,
      groups: id.startsWith("chief") ? ["accueil", "chefs"] : ["accueil"],
    }),
  }),
  async loadExistingGrant(ctx) {
    const grant = new ctx.oidc.provider.Grant({
      clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId,
    });
    grant.addOIDCScope("openid profile email");
    grant.addOIDCClaims(["amr", "acr"]);
    await grant.save();
    return grant;
  },
});

provider.use(async (ctx, next) => {
  if (ctx.path === "/auth") {
    const unknown = Object.keys(ctx.query).filter((name) => !known.includes(name));
    const short = ["state", "nonce"].filter((name) => String(ctx.query[name] ?? "").length < 32);
    if (unknown.length || short.length) {
      ctx.status = 400;
      ctx.body = `Y000400 ${unknown} ${short}`;
      return;
    }
  }
  await next();
});

async function body(request) {
  let text = "";
  for await (const chunk of request) text += chunk;
  return new URLSearchParams(text);
}

async function signIn(request, response) {
  if (request.method !== "POST") {
    response.setHeader("Content-Type", "text/html");
    response.end("<form method=post><input name=login><button>Sign in</button> <button name=cancel value=1>No</button></form>");
    return;
  }
  const form = await body(request);
  const result = form.get("cancel")
    ? { error: "access_denied", error_description: "cancelled" }
    : { login: { accountId: form.get("login"), amr: ["pwd", "mfa"], acr: "eidas1" } };
  await provider.interactionFinished(request, response, result);
}

const answer = provider.callback();
createServer((request, response) => {
  if (request.url.startsWith("/sign-in/")) signIn(request, response).catch((error) => response.end(String(error)));
  else answer(request, response);
}).listen(options.port, "127.0.0.1", () => console.log("ready"));
