//! Organization → Policies.

use axum::response::Response;

use model::organization::{self, AdminSignIn};
use model::session::Session;
use model::{Error, Invalid, second_factor};

use crate::http::error::Fail;
use crate::http::page::{Post, Visit};
use crate::http::settings::{Purpose, admin, with_mistakes};
use crate::views::Place;
use crate::views::parts::Errors;
use crate::views::policies::{self as views, Policies};

const PURPOSE: Purpose = Purpose {
    title: "Organization",
    sentence: "Policies that hold for everybody in your organization.",
    place: Place::Organization,
};
const PAGE: &str = "/settings/organization/policies";

/// `GET /settings/organization/policies`
pub(crate) async fn edit(visit: Visit) -> Result<Response, Fail> {
    let session = admin(&visit, &PURPOSE).await?;
    show(&visit, session, Invalid::default()).await
}

async fn show(visit: &Visit, session: &Session, invalid: Invalid) -> Result<Response, Fail> {
    let (id, person) = (&session.organization.id, &session.person.id);
    let (since, is_set_up) = visit
        .app
        .db
        .read(|tx| {
            let since = organization::two_factor_demanded_since(tx, id)?;
            Ok::<_, Error>((since, second_factor::is_set_up(tx, person)?))
        })
        .await?;
    let page = Policies {
        csrf: visit.form_token(),
        two_factor_since: since,
        has_second_factor: is_set_up,
        errors: Errors(invalid.problems),
    };
    Ok(visit.console(session, (Place::Organization, "Policies"), views::policies(&page)))
}

/// `POST /settings/organization/policies`
pub(crate) async fn update(Post { visit, form }: Post) -> Result<Response, Fail> {
    let session = admin(&visit, &PURPOSE).await?;
    visit.confirm_identity(PAGE)?;
    let wanted = match form.filled("admins_need_two_factor") {
        Some(_ticked) => AdminSignIn::TwoFactor,
        None => AdminSignIn::Password,
    };
    let actor = visit.actor();
    let set =
        visit.write(move |tx, session| organization::set_admin_sign_in(tx, session, &actor, wanted)).await;
    match set {
        Ok(()) => Ok(visit.redirect(PAGE)),
        Err(Error::Invalid(invalid)) => Ok(with_mistakes(show(&visit, session, invalid).await?)),
        Err(error) => Err(error.into()),
    }
}
