"""The look of the page: a calm theme on gradio's variables, the style sheet and the page's script."""

from __future__ import annotations

from typing import Any

import gradio as gr
from gradio.themes.utils import colors

from smile.ui import fonts
from smile.ui.assets import SCRIPTS, script, styles

# Fonts of the visitor's own system, Noto's and SIL's for combining marks and IPA; then the server's.
FONTS = (
    "system-ui",
    "Segoe UI",
    "Roboto",
    "Noto Sans",
    "Gentium Plus",
    "DejaVu Sans",
    fonts.FAMILY,
    "sans-serif",
)
MONO = (
    "ui-monospace",
    "SFMono-Regular",
    "Consolas",
    "Noto Sans Mono",
    "DejaVu Sans Mono",
    fonts.FAMILY,
    "monospace",
)


def theme() -> gr.themes.Base:
    """Return the theme: teal on warm grey, with a contrast of at least 4.5:1 in light and in dark."""
    return gr.themes.Base(
        primary_hue=colors.teal,
        secondary_hue=colors.teal,
        neutral_hue=colors.stone,
        radius_size=gr.themes.sizes.radius_lg,
        font=FONTS,
        font_mono=MONO,
    ).set(
        body_background_fill="*neutral_50",
        body_background_fill_dark="*neutral_950",
        body_text_color="*neutral_900",
        body_text_color_subdued="*neutral_600",
        body_text_color_subdued_dark="*neutral_400",
        block_background_fill="white",
        block_background_fill_dark="*neutral_900",
        block_border_width="1px",
        block_border_color="*neutral_200",
        block_border_color_dark="*neutral_800",
        block_label_text_color="*neutral_700",
        block_label_text_color_dark="*neutral_300",
        block_title_text_color="*neutral_800",
        block_title_text_color_dark="*neutral_200",
        block_title_text_weight="600",
        block_info_text_color="*neutral_600",
        block_info_text_color_dark="*neutral_400",
        input_background_fill="white",
        input_background_fill_dark="*neutral_950",
        input_border_color="*neutral_300",
        input_border_color_dark="*neutral_700",
        input_border_color_focus="*primary_600",
        input_border_color_focus_dark="*primary_400",
        input_placeholder_color="*neutral_500",
        input_placeholder_color_dark="*neutral_400",
        slider_color="*primary_600",
        slider_color_dark="*primary_500",
        link_text_color="*primary_700",
        link_text_color_dark="*primary_300",
        button_primary_background_fill="*primary_700",
        button_primary_background_fill_hover="*primary_800",
        button_primary_background_fill_dark="*primary_700",
        button_primary_background_fill_hover_dark="*primary_800",
        button_primary_text_color="white",
        button_primary_text_color_dark="white",
        checkbox_background_color_selected="*primary_700",
        checkbox_border_color_selected="*primary_700",
        checkbox_label_background_fill_selected="*primary_50",
        checkbox_label_background_fill_selected_dark="*primary_950",
        checkbox_label_border_color_selected="*primary_600",
        checkbox_label_text_color_selected="*primary_900",
        checkbox_label_text_color_selected_dark="*primary_100",
    )


def look() -> dict[str, Any]:
    """Return what `launch` takes to dress the page."""
    return {
        "theme": theme(),
        "css_paths": styles(),
        "head": f"{fonts.head(fonts.Letters())}<script>{script(*SCRIPTS)}</script>",
        "footer_links": ["api", "settings"],
    }
