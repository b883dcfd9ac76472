"""How a survey looks: one colour of its own, a typeface, a logo; readable whatever is chosen."""

from __future__ import annotations

import colorsys
import re
from collections.abc import Mapping
from types import MappingProxyType

from surveys import fonts
from surveys.colour import contrast

COLOUR = re.compile(r"#[0-9a-f]{6}")
LOGO = re.compile(r"/pictures/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# Typefaces every device has: nothing is fetched, and nobody is told who reads the page.
DEVICES: Mapping[str, str] = MappingProxyType(
    {
        "system": 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif',
        "humanist": 'Seravek, "Gill Sans Nova", Ubuntu, Calibri, "DejaVu Sans", sans-serif',
        "geometric": 'Avenir, Montserrat, Corbel, "URW Gothic", sans-serif',
        "rounded": 'ui-rounded, "Hiragino Maru Gothic ProN", Quicksand, Manjari, sans-serif',
        "serif": 'Charter, "Bitstream Charter", "Sitka Text", Cambria, Georgia, serif',
        "typewriter": 'ui-monospace, "Cascadia Code", Menlo, Consolas, "DejaVu Sans Mono", monospace',
    }
)
# Then those that come with the product, each before what stands in until it has arrived.
FONTS: Mapping[str, str] = MappingProxyType(
    {
        **DEVICES,
        **{
            name: f'"{font.title}", {DEVICES["serif" if font.is_serif else "system"]}'
            for name, font in fonts.BUNDLED.items()
        },
    }
)
USUAL = "#2a55c4"
LIGHT_PAGE, DARK_PAGE = "#ffffff", "#13171b"
ENOUGH = 4.5
NAMES = ("brand", "brand_dark", "font", "logo")


def problems(theme: Mapping[str, str]) -> dict[str, str]:
    """What is wrong with a theme, by the name of the part."""
    found = {}
    for name in ("brand", "brand_dark"):
        if theme.get(name) and not COLOUR.fullmatch(theme[name]):
            found[name] = "Write a colour such as #2a55c4, in small letters."
    if theme.get("font") and theme["font"] not in FONTS:
        found["font"] = f"Choose one of: {', '.join(FONTS)}."
    if theme.get("logo") and not LOGO.fullmatch(theme["logo"]):
        found["logo"] = "Bring in a picture, and it gets its address."
    return found


def colours(theme: Mapping[str, str]) -> dict[str, str]:
    """The colours of a theme as they are shown, light and dark, with what is written on them.

    A colour of one's own is kept as it is; one that was not chosen is made to be read (WCAG 2.2, 1.4.3).
    """
    brand = theme.get("brand") or USUAL
    dark = theme.get("brand_dark") or readable(brand, DARK_PAGE)
    return {
        "brand": brand,
        "on_brand": upon(brand),
        "brand_dark": dark,
        "on_brand_dark": upon(dark),
    }


def weak(theme: Mapping[str, str]) -> dict[str, float]:
    """The chosen colours that are hard to see on their page, with their contrast (3 to 1 is needed)."""
    shown = colours(theme)
    pairs = {"brand": LIGHT_PAGE, "brand_dark": DARK_PAGE}
    ratios = {name: contrast(shown[name], page) for name, page in pairs.items()}
    return {name: ratio for name, ratio in ratios.items() if ratio < 3}


def upon(colour: str) -> str:
    """White or nearly black, whichever is read better on a colour; black where neither is enough."""
    best = max(("#ffffff", "#0c1220"), key=lambda each: contrast(each, colour))
    return best if contrast(best, colour) >= ENOUGH else "#000000"


def readable(colour: str, page: str) -> str:
    """The colour, made lighter or darker until it is read on a page."""
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    hue, light, saturation = colorsys.rgb_to_hls(red, green, blue)
    step = 0.02 if contrast("#ffffff", page) > contrast("#000000", page) else -0.02
    while contrast(colour, page) < ENOUGH and 0 <= light <= 1:
        light += step
        parts = colorsys.hls_to_rgb(hue, max(0.0, min(1.0, light)), saturation)
        colour = "#" + "".join(f"{round(part * 255):02x}" for part in parts)
    return colour


def name_of(theme: Mapping[str, str]) -> str:
    """The name of a theme's stylesheet: all that decides it, so that it may be kept for ever."""
    shown = colours(theme)
    return f"{shown['brand'][1:]}-{shown['brand_dark'][1:]}-{_lettering(theme.get('font') or 'system')}"


def _lettering(font: str) -> str:
    """A typeface in a stylesheet's name; one of ours with its version, which its files bear too."""
    return f"{font}-{fonts.BUNDLED[font].version}" if font in fonts.BUNDLED else font


_LETTERINGS = {_lettering(font): font for font in FONTS}


def stylesheet(name: str) -> str | None:
    """The stylesheet of this name, None where it is no theme's."""
    brand, _, rest = name.partition("-")
    dark, _, lettering = rest.partition("-")
    font = _LETTERINGS.get(lettering, "")
    theme = {"brand": f"#{brand}", "brand_dark": f"#{dark}", "font": font}
    if not font or problems(theme):
        return None
    shown = colours(theme)
    return (
        f"{fonts.faces(font) if font in fonts.BUNDLED else ''}"
        f":root {{ --brand: {shown['brand']}; --on-brand: {shown['on_brand']}; }}\n"
        f"@media (prefers-color-scheme: dark) {{ :root {{ --brand: {shown['brand_dark']}; "
        f"--on-brand: {shown['on_brand_dark']}; }} }}\n"
        f"body {{ font-family: {FONTS[font]}; }}\n"
    )
