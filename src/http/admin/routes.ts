/** The operator's routes: orgs and their keys. */
import { route } from "../route.ts";
import { pageQuery } from "../schemas.ts";
import { deleteKey, getKeys, postKey } from "./keys.ts";
import { deleteOneOrg, getOneOrg, getOrgs, patchOneOrg, postOrg } from "./orgs.ts";
import { changedOrgSchema, newKeySchema, newOrgSchema } from "./schemas.ts";

export const ADMIN_ROUTES = [
  route({
    method: "POST",
    path: "/v1/admin/orgs",
    access: "admin",
    body: { schema: newOrgSchema },
    handler: postOrg,
  }),
  route({ method: "GET", path: "/v1/admin/orgs", access: "admin", query: pageQuery, handler: getOrgs }),
  route({ method: "GET", path: "/v1/admin/orgs/:user_id", access: "admin", handler: getOneOrg }),
  route({
    method: "PATCH",
    path: "/v1/admin/orgs/:user_id",
    access: "admin",
    body: { schema: changedOrgSchema },
    handler: patchOneOrg,
  }),
  route({ method: "DELETE", path: "/v1/admin/orgs/:user_id", access: "admin", handler: deleteOneOrg }),
  route({
    method: "POST",
    path: "/v1/admin/orgs/:user_id/keys",
    access: "admin",
    body: { schema: newKeySchema },
    handler: postKey,
  }),
  route({
    method: "GET",
    path: "/v1/admin/orgs/:user_id/keys",
    access: "admin",
    query: pageQuery,
    handler: getKeys,
  }),
  route({ method: "DELETE", path: "/v1/admin/keys/:id", access: "admin", handler: deleteKey }),
] as const;
