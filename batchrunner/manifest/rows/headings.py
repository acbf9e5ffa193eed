"""How people head the columns of a shot list: the usual words for each use, in the languages of our users.

What a column is for is a key of ours, such as `id`, or the role of a field, whatever the model calls it.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache

from batchrunner.catalog import Role

# The first word that is there is taken. English, German, French, Spanish, Italian, Portuguese, Dutch, Polish,
# Japanese, Chinese, Korean; without blanks, signs, accents and case, as `plain` gives them.
_WORDS: Mapping[str, str] = {
    "id": """
        id | shot id | shot | shot name | shot number | shot no | shot nr | clip | clip id | clip name | key | name
        | scene | scene number | nr | no | number | num | code
        | Einstellung | Einstellungsnummer | Einstellung Nr | Kürzel | Kennung | Clipname | Szene | Szenennummer
        | Szene Nr
        | Bildnummer | Bild Nr | Nummer | lfd Nr | laufende Nummer | Bezeichnung
        | plan | numéro de plan | n plan | no plan | plan no | séquence | scène | numéro | nom | identifiant | réf
        | toma | plano | número de plano | escena | número | nombre | clave | identificador
        | inquadratura | scena | piano | numero | nome | codice | ripresa
        | tomada | cena | número da cena | código | identificação
        | opname | shotnummer | scènenummer | nummer | naam | kenmerk
        | ujęcie | numer ujęcia | scena | numer | nazwa | klip | identyfikator
        | ショット | ショット番号 | カット | カット番号 | シーン | シーン番号 | 番号
        | 镜头 | 镜头号 | 镜号 | 分镜 | 编号 | 序号 | 场景 | 鏡頭 | 鏡號 | 編號 | 序號
        | 샷 | 샷 번호 | 컷 | 컷 번호 | 씬 | 장면 | 번호""",
    Role.PROMPT: """
        prompt | shot prompt | motion prompt | video prompt | description | shot description | action | motion | text
        | Beschreibung | Bildbeschreibung | Shotbeschreibung | Bewegung | Handlung | Aktion | Anweisung | Regie
        | Inhalt
        | invite | description du plan | mouvement | texte | consigne
        | descripción | acción | movimiento | texto | indicación
        | descrizione | azione | movimento | testo
        | descrição | ação | movimento | comando
        | omschrijving | beschrijving | actie | beweging | tekst
        | opis | opis ujęcia | akcja | ruch | tekst | polecenie
        | プロンプト | 説明 | 内容 | 動き | アクション
        | 提示词 | 提示詞 | 描述 | 画面描述 | 畫面描述 | 动作 | 動作 | 内容
        | 프롬프트 | 설명 | 내용 | 동작""",
    Role.FIRST_IMAGE: """
        image | start frame | first frame | start image | first image | start | frame | picture | img
        | image url | image file
        | file | filename | file name | photo | still
        | Startbild | Anfangsbild | erstes Bild | Startframe | Bild | Bilddatei | Datei | Dateiname | Anfang | Foto
        | image de départ | image de début | première image | début | départ | image source | fichier | nom du fichier
        | imagen | imagen inicial | primera imagen | fotograma inicial | inicio | archivo | fichero | fotograma
        | cuadro inicial
        | immagine | immagine iniziale | prima immagine | fotogramma iniziale | inizio | file immagine | fotogramma
        | imagem | imagem inicial | primeira imagem | quadro inicial | início | arquivo | ficheiro
        | afbeelding | beeld | beginbeeld | startbeeld | eerste beeld | begin | bestand | bestandsnaam
        | obraz | obraz początkowy | pierwsza klatka | klatka początkowa | początek | plik | nazwa pliku
        | zdjęcie | kadr
        | 画像 | 開始画像 | 開始フレーム | 最初のフレーム | 始点 | ファイル名
        | 图片 | 圖片 | 首帧 | 首幀 | 起始帧 | 首帧图 | 图像 | 起始图 | 文件名
        | 이미지 | 시작 이미지 | 시작 프레임 | 첫 프레임 | 시작 | 파일명""",
    Role.LAST_IMAGE: """
        last frame | end frame | last image | end image | final frame | end | last
        | Endbild | Schlussbild | letztes Bild | Endframe | Ende | Schluss
        | image de fin | image finale | dernière image | fin
        | imagen final | última imagen | fotograma final | final | cuadro final
        | immagine finale | ultima immagine | fotogramma finale | fine
        | imagem final | última imagem | quadro final | fim
        | eindbeeld | laatste beeld | slotbeeld | einde | eind
        | obraz końcowy | ostatnia klatka | klatka końcowa | koniec
        | 終了画像 | 終了フレーム | 最後のフレーム | 終点
        | 尾帧 | 尾幀 | 结束帧 | 末帧 | 尾帧图
        | 끝 이미지 | 끝 프레임 | 마지막 프레임 | 끝""",
    Role.NEGATIVE_PROMPT: """
        negative prompt | negative | avoid | Negativprompt | negativer Prompt | vermeiden | ohne
        | prompt négatif | éviter | prompt negativo | evitar | evitare | negatieve prompt | vermijden
        | negatywny prompt | unikać | ネガティブプロンプト | 反向提示词 | 负面提示词 | 反向提示詞
        | 네거티브 프롬프트""",
    Role.REFERENCE_IMAGES: """
        reference images | references | reference image | refs | reference | ref
        | Referenzbilder | Referenzbild | Referenzen | Referenz | images de référence | références | référence
        | imágenes de referencia | referencias | referencia | immagini di riferimento | riferimenti
        | imagens de referência | referências | referentiebeelden | referenties | obrazy referencyjne | referencje
        | 参考画像 | 参照画像 | 参考图 | 參考圖 | 참조 이미지 | 레퍼런스""",
    Role.DURATION: """
        duration seconds | duration | seconds | length | secs | sec | dur | clip length | shot length
        | running time | runtime
        | time
        | Dauer | Länge | Sekunden | Sek | Laufzeit | Cliplänge | Shotlänge | Clipdauer | Dauer in Sekunden
        | Dauer in s | Zeit
        | durée | longueur | secondes | durée en secondes | temps
        | duración | longitud | segundos | largo | tiempo | duración en segundos
        | durata | lunghezza | secondi | tempo
        | duração | comprimento | tempo
        | duur | tijdsduur | lengte | seconden | looptijd | tijd
        | czas trwania | czas | długość | sekundy
        | 長さ | 秒数 | 秒 | 尺 | 時間 | 再生時間
        | 时长 | 時長 | 时间 | 長度 | 长度 | 秒數
        | 길이 | 시간 | 초 | 재생 시간 | 러닝타임""",
    Role.ASPECT_RATIO: """
        aspect ratio | aspect | ratio | orientation | format | shape | video format
        | Seitenverhältnis | Bildformat | Bildverhältnis | Verhältnis | Videoformat | Ausrichtung | Orientierung
        | rapport | rapport d'image | format d'image | proportions | ratio d'image
        | relación de aspecto | formato | proporción | aspecto | orientación
        | proporzioni | rapporto | rapporto d'aspetto | orientamento
        | proporção | proporção da tela | orientação
        | beeldverhouding | verhouding | beeldformaat | formaat | oriëntatie
        | proporcje | format obrazu | orientacja
        | アスペクト比 | 縦横比 | 比率 | 画面比率 | 向き | フォーマット
        | 画幅 | 畫幅 | 比例 | 宽高比 | 寬高比 | 长宽比 | 画面比例 | 横竖屏
        | 비율 | 화면비 | 화면 비율 | 종횡비 | 방향""",
    Role.RESOLUTION: """
        resolution | res | quality | video quality | format
        | Auflösung | Qualität | résolution | définition | qualité | resolución | calidad | formato
        | risoluzione | qualità | resolução | qualidade | resolutie | kwaliteit | formaat | rozdzielczość | jakość
        | 解像度 | 画質 | 分辨率 | 解析度 | 清晰度 | 画质 | 해상도 | 화질""",
    Role.SEED: """
        seed | random seed | seed value | Startwert | Zufallswert | Zufallszahl | graine | graine aléatoire | germe
        | semilla | seme | semente | zaad | ziarno | シード | シード値 | 种子 | 種子 | 随机种子 | 隨機種子
        | 시드 | 시드값""",
    Role.AUDIO_SWITCH: """
        audio | sound | with audio | with sound | generate audio
        | Ton | mit Ton | mit Audio | son | avec son | avec audio | sonido | con sonido | con audio
        | suono | con suono | som | com som | áudio | com áudio | geluid | met geluid | dźwięk | z dźwiękiem
        | 音声 | サウンド | 音声あり | 声音 | 聲音 | 音频 | 音訊 | 有声 | 소리 | 사운드 | 오디오""",
    "model": "model | video model | Modell | modèle | modelo | modello | モデル | 模型 | 모델",
    "tags": """
        tags | tag | labels | Stichworte | Schlagworte | étiquettes | etiquetas | etichette | etykiety | タグ
        | 标签 | 태그""",
    "takes": "takes | number of takes | Anzahl Takes",
}


def plain(heading: str) -> str:
    """A heading without blanks, signs, accents and case."""
    parts = unicodedata.normalize("NFKD", heading.casefold().replace("ł", "l"))
    return re.sub(r"[\W_]+", "", "".join(c for c in parts if not unicodedata.combining(c)))


@cache
def words(use: str) -> tuple[str, ...]:
    """The usual headings of such a column, as `plain` gives them, the most telling first; a field has none."""
    return tuple(dict.fromkeys(found for word in _WORDS.get(use, "").split("|") if (found := plain(word))))


USES = tuple(_WORDS)


def columns_headed(use: str, columns: tuple[str, ...], own_name: str = "") -> Iterator[str]:
    """The columns with a usual heading of this use, the most telling first; `Dauer (Sek.)` is `Dauer` too.

    `own_name` is what the model calls the field: it tells most.
    """
    exact = {plain(column): column for column in reversed(columns)}
    shorter = {plain(re.sub(r"[(\[].*?[)\]]", "", column)): column for column in reversed(columns)}
    wanted = dict.fromkeys(filter(None, (plain(own_name), *words(use))))
    found = dict.fromkeys(known[word] for word in wanted for known in (exact, shorter) if word in known)
    yield from found
