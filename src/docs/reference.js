/** Draws the API reference. */
addEventListener("DOMContentLoaded", () => {
  // Swagger UI has a dark design of its own, for pages with this class.
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
  follow();
  dark.addEventListener("change", follow);

  globalThis.SwaggerUIBundle({
    url: "/openapi.json",
    dom_id: "#reference",
    deepLinking: true,
    docExpansion: "list",
    defaultModelsExpandDepth: 0,
    tryItOutEnabled: false,
    persistAuthorization: false,
    validatorUrl: null,
    queryConfigEnabled: false,
    syntaxHighlight: false, // it colours by inline styles, for a dark ground only
  });
});
